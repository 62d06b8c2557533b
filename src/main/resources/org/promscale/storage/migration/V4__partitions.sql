-- Late bound on purpose: a view on the extension's own views would block its next update.
CREATE FUNCTION _prom_catalog.partitions()
  RETURNS TABLE (table_name text, partition regclass, starts timestamptz, ends timestamptz)
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF (SELECT value FROM _prom_catalog.setting WHERE name = 'engine') = 'hypertables' THEN
    RETURN QUERY
      SELECT c.hypertable_name::text, format('%I.%I', c.chunk_schema, c.chunk_name)::regclass, c.range_start, c.range_end
      FROM timescaledb_information.chunks c
      WHERE c.hypertable_schema = 'prom_data';
  ELSE
    RETURN QUERY
      SELECT p.relname::text, c.oid::regclass,
        coalesce(substring(b.bound FROM 'FROM \(''([^'']+)''\)')::timestamptz, '-infinity'),
        coalesce(substring(b.bound FROM 'TO \(''([^'']+)''\)')::timestamptz, 'infinity')
      FROM pg_inherits i
      JOIN pg_class p ON p.oid = i.inhparent
      JOIN pg_class c ON c.oid = i.inhrelid
      CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound) b
      WHERE p.relnamespace = 'prom_data'::regnamespace AND p.relkind = 'p' AND c.relkind IN ('r', 'f', 'p')
        AND c.relpartbound IS NOT NULL;
  END IF;
END $$;
COMMENT ON FUNCTION _prom_catalog.partitions() IS 'Partitions or chunks of the data tables with the time they cover, end exclusive.';

CREATE VIEW prom_info.partition AS
  SELECT table_name, partition::text AS partition_name, starts, ends, pg_total_relation_size(partition) AS bytes
  FROM _prom_catalog.partitions();
COMMENT ON VIEW prom_info.partition IS 'Where the data is: partitions (chunks under TimescaleDB) of each data table, the time they cover and their size with indexes.';

-- A new table is attached instead of created as a partition: attaching does not wait for, nor stop,
-- the sessions that write into the neighbours.
CREATE FUNCTION _prom_catalog.create_slot(start_ms bigint, end_ms bigint) RETURNS boolean
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
  IF (SELECT value FROM _prom_catalog.setting WHERE name = 'engine') = 'hypertables' THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_xact_lock(_prom_catalog.lock_key('partitions'));
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
COMMENT ON FUNCTION _prom_catalog.create_slot(bigint, bigint) IS 'Creates the partitions of all data tables for one stretch of time (milliseconds since 1970, end exclusive) unless they are there; tells whether it created any.';
