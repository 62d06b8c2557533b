-- A chunk that a COPY makes stays locked, and with it the making of any other chunk of that table,
-- until the transaction of the COPY ends: a connector that froze at midnight stopped all others. So
-- chunks too are made beforehand, in a transaction of their own. TimescaleDB's create_chunk() is
-- not in the Apache edition; a row that comes and goes leaves its chunk behind.
CREATE FUNCTION _prom_catalog.create_chunks(start_time timestamptz) RETURNS boolean
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  parent text;
  filler text;
  created boolean := false;
BEGIN
  FOREACH parent IN ARRAY '{sample,sample_start,histogram,exemplar}'::text[] LOOP
    CONTINUE WHEN EXISTS (SELECT FROM _prom_catalog.partitions() p
                          WHERE p.table_name = parent AND p.starts <= start_time AND p.ends > start_time);
    filler := CASE parent
      WHEN 'sample' THEN '(time, series_id, value) VALUES (%L, 0, 0)'
      WHEN 'sample_start' THEN '(time, series_id, start_time) VALUES (%1$L, 0, %1$L)'
      WHEN 'histogram' THEN '(time, series_id, schema, reset_hint, zero_threshold, sum) VALUES (%L, 0, 0, 0, 0, 0)'
      WHEN 'exemplar' THEN '(time, series_id, value, labels) VALUES (%L, 0, 0, ''{}'')'
    END;
    EXECUTE format('INSERT INTO prom_data.%I ', parent) || format(filler, start_time);
    -- No series has the id 0.
    EXECUTE format('DELETE FROM prom_data.%I WHERE series_id = 0 AND time = %L', parent, start_time);
    created := true;
  END LOOP;
  RETURN created;
END $$;
COMMENT ON FUNCTION _prom_catalog.create_chunks(timestamptz) IS 'Creates the chunks of all hypertables around a time unless they are there; tells whether it created any.';
REVOKE EXECUTE ON FUNCTION _prom_catalog.create_chunks(timestamptz) FROM PUBLIC;

-- What it did so far it still does for partitions.
ALTER FUNCTION _prom_catalog.create_slot(bigint, bigint) RENAME TO create_partitions;

CREATE FUNCTION _prom_catalog.create_slot(start_ms bigint, end_ms bigint) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
AS $$
BEGIN
  IF (SELECT value FROM _prom_catalog.setting WHERE name = 'engine') = 'hypertables' THEN
    PERFORM pg_advisory_xact_lock(_prom_catalog.lock_key('partitions'));
    RETURN _prom_catalog.create_chunks(_prom_catalog.slot_time(start_ms));
  END IF;
  RETURN _prom_catalog.create_partitions(start_ms, end_ms);
END $$;
COMMENT ON FUNCTION _prom_catalog.create_slot(bigint, bigint) IS 'Creates the partitions or chunks of all data tables for one stretch of time (milliseconds since 1970, end exclusive) unless they are there; tells whether it created any.';
REVOKE EXECUTE ON FUNCTION _prom_catalog.create_slot(bigint, bigint) FROM PUBLIC;
