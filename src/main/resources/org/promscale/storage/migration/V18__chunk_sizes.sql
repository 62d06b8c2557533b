-- A chunk that is dropped while its name is looked up is one less, no error.
CREATE OR REPLACE FUNCTION _prom_catalog.partitions()
  RETURNS TABLE (table_name text, partition regclass, starts timestamptz, ends timestamptz)
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF (SELECT value FROM _prom_catalog.setting WHERE name = 'engine') = 'hypertables' THEN
    RETURN QUERY
      SELECT c.hypertable_name::text, n.relation, c.range_start, c.range_end
      FROM timescaledb_information.chunks c
      CROSS JOIN LATERAL (SELECT to_regclass(format('%I.%I', c.chunk_schema, c.chunk_name)) AS relation) n
      WHERE c.hypertable_schema = 'prom_data' AND n.relation IS NOT NULL;
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

-- The rows of a compressed chunk are in a table of its own, which only TimescaleDB knows.
CREATE FUNCTION _prom_catalog.chunk_sizes() RETURNS TABLE (chunk regclass, bytes bigint)
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  home text;
BEGIN
  IF (SELECT value FROM _prom_catalog.setting WHERE name = 'engine') = 'hypertables' THEN
    SELECT n.nspname INTO home FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'timescaledb';
    RETURN QUERY EXECUTE format(
      'SELECT to_regclass(format(''%%I.%%I'', s.chunk_schema, s.chunk_name)), s.total_bytes'
      ' FROM pg_class c CROSS JOIN LATERAL %I.chunks_detailed_size(c.oid) s'
      ' WHERE c.relnamespace = ''prom_data''::regnamespace AND c.relkind = ''r''', home);
  END IF;
END $$;
COMMENT ON FUNCTION _prom_catalog.chunk_sizes() IS 'Sizes of TimescaleDB''s chunks with indexes and with what is compressed; nothing without TimescaleDB.';

CREATE OR REPLACE VIEW prom_info.partition AS
  SELECT p.table_name, p.partition::text AS partition_name, p.starts, p.ends,
    coalesce(s.bytes, pg_total_relation_size(p.partition)) AS bytes
  FROM _prom_catalog.partitions() p LEFT JOIN _prom_catalog.chunk_sizes() s ON s.chunk = p.partition;

-- TimescaleDB's own tables change: since 2.29 its chunk has no name any more. Its function stays.
CREATE OR REPLACE FUNCTION _prom_catalog.maintain_compress(run bigint, as_of timestamptz, OUT done bigint, OUT more boolean)
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET lock_timeout = '1s'
AS $$
DECLARE
  home text;
  c record;
  failed boolean;
  again boolean;
BEGIN
  PERFORM _prom_catalog.enter_step(run, 'compress chunks');
  done := 0;
  more := false;
  IF NOT prom_api.get_default_compression_setting() THEN
    RETURN;
  END IF;
  failed := (SELECT trouble LIKE '%compress:%' FROM _prom_catalog.maintenance_run WHERE ended_at IS NOT NULL ORDER BY run_id DESC LIMIT 1);
  -- Late rows lie beside what is compressed. Those are compressed again, but not every minute.
  again := (SELECT compressed_again < clock_timestamp() - interval '1 hour' FROM _prom_catalog.maintenance_state);
  SELECT k.hypertable_name, n.chunk, h.compression_enabled, k.is_compressed INTO c
    FROM timescaledb_information.chunks k
    JOIN timescaledb_information.hypertables h USING (hypertable_schema, hypertable_name)
    CROSS JOIN LATERAL (SELECT to_regclass(format('%I.%I', k.chunk_schema, k.chunk_name)) AS chunk) n
    WHERE k.hypertable_schema = 'prom_data' AND n.chunk IS NOT NULL
      AND k.range_end <= least(as_of, clock_timestamp()) - prom_api.get_compression_age()
      -- 8: partly compressed.
      AND CASE WHEN k.is_compressed THEN again AND _timescaledb_functions.chunk_status(n.chunk) & 8 > 0 ELSE true END
    -- One that somebody does not let go must not keep the others waiting.
    ORDER BY k.is_compressed, CASE WHEN failed THEN random() END, k.range_end, k.hypertable_name LIMIT 1;
  IF c.chunk IS NULL THEN
    UPDATE _prom_catalog.maintenance_state SET compressed_again = clock_timestamp() WHERE again;
    RETURN;
  END IF;
  IF NOT c.compression_enabled THEN
    EXECUTE format('ALTER TABLE prom_data.%I SET (timescaledb.compress, timescaledb.compress_segmentby = ''series_id'','
      ' timescaledb.compress_orderby = ''time'')', c.hypertable_name);
    -- Nobody can use the table until that has committed, and compressing takes its time.
    more := true;
    RETURN;
  END IF;
  SELECT n.nspname INTO home FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'timescaledb';
  -- A reader that does not end would make it all in vain: then the rows are deleted, not truncated.
  PERFORM set_config(name, 'truncate_or_delete', true) FROM pg_settings WHERE name = 'timescaledb.compress_truncate_behaviour';
  EXECUTE format('SELECT %I.compress_chunk(%L::regclass)', home, c.chunk);
  done := 1;
  more := true;
  UPDATE _prom_catalog.maintenance_run SET chunks_compressed = chunks_compressed + 1 WHERE run_id = run;
END $$;
