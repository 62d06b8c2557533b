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

CREATE OR REPLACE FUNCTION _prom_catalog.create_slot(start_ms bigint, end_ms bigint) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET timezone = 'UTC'
AS $$
DECLARE
  lower_bound timestamptz := _prom_catalog.slot_time(start_ms);
  upper_bound timestamptz := _prom_catalog.slot_time(end_ms);
  suffix text := CASE WHEN lower_bound < '0001-01-01' THEN 'bc' ELSE '' END || to_char(lower_bound, 'YYYYMMDD')
    || CASE WHEN extract(epoch FROM lower_bound)::bigint % 86400 = 0 THEN '' ELSE to_char(lower_bound, '_HH24') END;
  parent text;
  child text;
  created boolean := false;
BEGIN
  PERFORM pg_advisory_xact_lock(_prom_catalog.lock_key('partitions'));
  IF (SELECT value FROM _prom_catalog.setting WHERE name = 'engine') = 'hypertables' THEN
    RETURN _prom_catalog.create_chunks(lower_bound);
  END IF;
  FOREACH parent IN ARRAY '{sample,sample_start,histogram,exemplar}'::text[] LOOP
    CONTINUE WHEN EXISTS (SELECT FROM _prom_catalog.partitions() p
                          WHERE p.table_name = parent AND p.starts <= lower_bound AND p.ends > lower_bound);
    child := parent || '_' || suffix;
    -- Somebody may have detached a partition and kept it.
    WHILE to_regclass(format('prom_data.%I', child)) IS NOT NULL LOOP
      child := child || '_';
    END LOOP;
    EXECUTE format('CREATE TABLE prom_data.%I (LIKE prom_data.%I INCLUDING STORAGE)', child, parent);
    EXECUTE format('ALTER TABLE prom_data.%I ATTACH PARTITION prom_data.%I FOR VALUES FROM (%L) TO (%L)',
      parent, child, lower_bound, upper_bound);
    created := true;
  END LOOP;
  RETURN created;
END $$;
