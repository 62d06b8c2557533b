-- Compression is TimescaleDB's; its Apache edition and plain PostgreSQL have none.
INSERT INTO _prom_catalog.setting (name, value) VALUES ('compression', 'true'), ('compression_age_ms', '86400000');

CREATE FUNCTION _prom_catalog.why_no_compression() RETURNS text
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF (SELECT value FROM _prom_catalog.setting WHERE name = 'engine') <> 'hypertables' THEN
    RETURN 'this database does not use TimescaleDB';
  ELSIF current_setting('timescaledb.license', true) IS DISTINCT FROM 'timescale' THEN
    RETURN 'the Apache edition of TimescaleDB has no compression: it takes the Community edition, timescaledb.license = timescale';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION _prom_catalog.why_no_compression() IS 'Tells why chunks cannot be compressed; null: they can.';

CREATE FUNCTION prom_api.set_default_compression_setting(compression_setting boolean) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF compression_setting AND _prom_catalog.why_no_compression() IS NOT NULL THEN
    RAISE EXCEPTION 'cannot compress: %', _prom_catalog.why_no_compression() USING ERRCODE = 'feature_not_supported';
  END IF;
  UPDATE _prom_catalog.setting SET value = coalesce(compression_setting, true)::text, changed_at = now() WHERE name = 'compression';
  RETURN true;
END $$;
COMMENT ON FUNCTION prom_api.set_default_compression_setting(boolean) IS 'Switches compression of chunks on, as at first, or off; what is compressed stays so.';

CREATE FUNCTION prom_api.get_default_compression_setting() RETURNS boolean
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT value::boolean AND _prom_catalog.why_no_compression() IS NULL FROM _prom_catalog.setting WHERE name = 'compression'
$$;
COMMENT ON FUNCTION prom_api.get_default_compression_setting() IS 'Tells whether chunks are compressed once they are old enough.';

CREATE FUNCTION prom_api.set_compression_age(age interval) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF age IS NULL OR age < interval '1 hour' THEN
    RAISE EXCEPTION 'an age of % is too short', age
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give at least 1 hour: late samples are stored faster where nothing is compressed.';
  END IF;
  UPDATE _prom_catalog.setting SET value = (extract(epoch FROM age) * 1000)::bigint::text, changed_at = now()
    WHERE name = 'compression_age_ms';
  RETURN true;
END $$;
COMMENT ON FUNCTION prom_api.set_compression_age(interval) IS 'Sets how long after its end a chunk is compressed, one day at first.';

CREATE FUNCTION prom_api.get_compression_age() RETURNS interval
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$ SELECT _prom_catalog.retention_period(value::bigint) FROM _prom_catalog.setting WHERE name = 'compression_age_ms' $$;
COMMENT ON FUNCTION prom_api.get_compression_age() IS 'Tells how long after its end a chunk is compressed.';

-- What a statement may decompress to change rows is limited, against mistakes; this is none.
CREATE FUNCTION _prom_catalog.allow_decompression() RETURNS void
  LANGUAGE sql
  SET search_path = pg_catalog, pg_temp
AS $$ SELECT set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', true) $$;
COMMENT ON FUNCTION _prom_catalog.allow_decompression() IS 'Lets this transaction delete from compressed chunks, however many rows that touches.';

CREATE FUNCTION _prom_catalog.maintain_compress(run bigint, as_of timestamptz, OUT done bigint, OUT more boolean)
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
  SELECT k.hypertable_name, format('%I.%I', k.chunk_schema, k.chunk_name)::regclass AS chunk, h.compression_enabled, k.is_compressed INTO c
    FROM timescaledb_information.chunks k
    JOIN timescaledb_information.hypertables h USING (hypertable_schema, hypertable_name)
    WHERE k.hypertable_schema = 'prom_data'
      AND k.range_end <= least(as_of, clock_timestamp()) - prom_api.get_compression_age()
      AND (NOT k.is_compressed OR (again AND EXISTS (SELECT FROM _timescaledb_catalog.chunk p
        WHERE p.schema_name = k.chunk_schema AND p.table_name = k.chunk_name AND p.status & 8 > 0)))
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
COMMENT ON FUNCTION _prom_catalog.maintain_compress(bigint, timestamptz) IS 'Compresses one chunk that is old enough.';

REVOKE EXECUTE ON FUNCTION prom_api.set_default_compression_setting(boolean), prom_api.set_compression_age(interval),
  _prom_catalog.maintain_compress(bigint, timestamptz) FROM PUBLIC;
