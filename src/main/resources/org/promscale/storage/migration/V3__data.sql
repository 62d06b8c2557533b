CREATE TABLE prom_data.sample (
  time timestamptz NOT NULL,
  series_id bigint NOT NULL,
  value float8 NOT NULL,
  PRIMARY KEY (series_id, time)
) PARTITION BY RANGE (time);

CREATE TABLE prom_data.sample_start (
  time timestamptz NOT NULL,
  series_id bigint NOT NULL,
  start_time timestamptz NOT NULL,
  PRIMARY KEY (series_id, time)
) PARTITION BY RANGE (time);

CREATE TABLE prom_data.histogram (
  time timestamptz NOT NULL,
  series_id bigint NOT NULL,
  start_time timestamptz,
  schema smallint NOT NULL,
  reset_hint smallint NOT NULL,
  zero_threshold float8 NOT NULL,
  sum float8 NOT NULL,
  count_integer bigint,
  count_float float8,
  zero_count_integer bigint,
  zero_count_float float8,
  positive_spans int[],
  positive_deltas bigint[],
  positive_counts float8[],
  negative_spans int[],
  negative_deltas bigint[],
  negative_counts float8[],
  custom_values float8[],
  PRIMARY KEY (series_id, time)
) PARTITION BY RANGE (time);

CREATE TABLE prom_data.exemplar (
  time timestamptz NOT NULL,
  series_id bigint NOT NULL,
  start_time timestamptz,
  value float8 NOT NULL,
  labels jsonb NOT NULL,
  PRIMARY KEY (series_id, time)
) PARTITION BY RANGE (time);

-- Decided here once for the life of the database: changing the kind of a table that holds samples is
-- a copy of everything.
DO $$
DECLARE
  installed text := (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb');
  available text := (SELECT default_version FROM pg_available_extensions WHERE name = 'timescaledb');
  -- Creating the extension on a server that has not preloaded it ends the session, so ask for a
  -- setting that only the preloaded library defines.
  preloaded boolean := EXISTS (SELECT FROM pg_settings WHERE name = 'timescaledb.disable_load');
  engine text := 'partitions';
  home name;
  chunk interval := make_interval(secs => (SELECT value::bigint / 1000 FROM _prom_catalog.setting WHERE name = 'partition_ms'));
  t text;
BEGIN
  IF installed IS NULL AND preloaded AND string_to_array(regexp_replace(available, '-.*', ''), '.')::int[] >= '{2,15}' THEN
    BEGIN
      CREATE EXTENSION timescaledb SCHEMA public;
      installed := available;
    EXCEPTION WHEN OTHERS THEN
      RAISE NOTICE 'TimescaleDB is there but cannot be used: %', SQLERRM;
    END;
  END IF;
  IF string_to_array(regexp_replace(installed, '-.*', ''), '.')::int[] >= '{2,15}' THEN
    engine := 'hypertables';
    SELECT n.nspname INTO home FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'timescaledb';
    FOREACH t IN ARRAY '{sample,sample_start,histogram,exemplar}'::text[] LOOP
      -- The extension cannot take over a partitioned table.
      EXECUTE format('ALTER TABLE prom_data.%I RENAME TO %I', t, t || '_shape');
      EXECUTE format('CREATE TABLE prom_data.%I (LIKE prom_data.%I)', t, t || '_shape');
      EXECUTE format('DROP TABLE prom_data.%I', t || '_shape');
      EXECUTE format('ALTER TABLE prom_data.%I ADD CONSTRAINT %I PRIMARY KEY (series_id, time)', t, t || '_pkey');
      EXECUTE format('SELECT %1$I.create_hypertable(%2$L::regclass, %1$I.by_range(''time'', %3$L::interval), create_default_indexes => false)',
        home, 'prom_data.' || t, chunk);
    END LOOP;
  END IF;
  INSERT INTO _prom_catalog.setting (name, value) VALUES ('engine', engine);
END $$;

COMMENT ON TABLE prom_data.sample IS 'Float samples of all metrics, stale markers included; one row per series and time, the first one wins.';
COMMENT ON TABLE prom_data.sample_start IS 'Start times of counters, for the samples whose sender told one.';
COMMENT ON TABLE prom_data.histogram IS 'Native histograms of all metrics; one row per series and time, the first one wins.';
COMMENT ON COLUMN prom_data.histogram.count_integer IS 'Observations of an integer histogram; null for a float histogram, whose columns end in _float and _counts.';
COMMENT ON COLUMN prom_data.histogram.positive_spans IS 'Offset, length, offset, length … of the populated positive buckets.';
COMMENT ON COLUMN prom_data.histogram.positive_deltas IS 'Bucket counts of an integer histogram, each relative to the one before.';
COMMENT ON COLUMN prom_data.histogram.reset_hint IS '0 unknown, 1 counter was reset, 2 it was not, 3 gauge histogram.';
COMMENT ON TABLE prom_data.exemplar IS 'Exemplars of all metrics; one row per series and time, the first one wins.';
