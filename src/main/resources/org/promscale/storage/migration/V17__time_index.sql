-- Samples lie in the order of time, so an index of some kilobytes lets an hour be read without the
-- rest of its day. Each new partition gets its own before anybody else can see it: an index of the
-- table would have to be built on the days that are there, while nobody can write. Ranges of 8 MB,
-- because autovacuum is asked to summarise each one and takes 256 requests at a time. TimescaleDB's
-- chunks have none: their days are compressed instead.
CREATE OR REPLACE FUNCTION _prom_catalog.create_slot(start_ms bigint, end_ms bigint) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
AS $$
DECLARE
  slot timestamptz := _prom_catalog.slot_time(start_ms);
  before regclass[];
  child regclass;
  created boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(_prom_catalog.lock_key('partitions'));
  IF (SELECT value FROM _prom_catalog.setting WHERE name = 'engine') = 'hypertables' THEN
    RETURN _prom_catalog.create_chunks(slot);
  END IF;
  before := ARRAY (SELECT partition FROM _prom_catalog.partitions() WHERE table_name = 'sample' AND starts <= slot AND ends > slot);
  created := _prom_catalog.create_partitions(start_ms, end_ms);
  FOR child IN
    SELECT partition FROM _prom_catalog.partitions()
    WHERE table_name = 'sample' AND starts <= slot AND ends > slot AND partition <> ALL (before)
  LOOP
    EXECUTE format('CREATE INDEX ON %s USING brin (time) WITH (pages_per_range = 1024, autosummarize = on)', child);
  END LOOP;
  RETURN created;
END $$;
