-- A DELETE from a hypertable locks all of its chunks, also the one that is being compressed: so who
-- needed a new chunk waited until that was done. The row that made a chunk is deleted from there.
CREATE OR REPLACE FUNCTION _prom_catalog.create_chunks(start_time timestamptz) RETURNS boolean
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  parent text;
  filler text;
  chunk regclass;
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
    SELECT p.partition INTO STRICT chunk FROM _prom_catalog.partitions() p
      WHERE p.table_name = parent AND p.starts <= start_time AND p.ends > start_time;
    -- No series has the id 0.
    EXECUTE format('DELETE FROM %s WHERE series_id = 0 AND time = %L', chunk, start_time);
    created := true;
  END LOOP;
  RETURN created;
END $$;
