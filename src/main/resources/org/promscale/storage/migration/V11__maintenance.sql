-- One run at a time over all connectors; its row is the lease of it, and the record.
CREATE TABLE _prom_catalog.maintenance_run (
  run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  connector text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  touched_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  step text NOT NULL DEFAULT 'begin',
  partitions_dropped bigint NOT NULL DEFAULT 0,
  rows_deleted bigint NOT NULL DEFAULT 0,
  series_removed bigint NOT NULL DEFAULT 0,
  metrics_removed bigint NOT NULL DEFAULT 0,
  chunks_compressed bigint NOT NULL DEFAULT 0,
  trouble text
);
CREATE UNIQUE INDEX maintenance_one_at_a_time ON _prom_catalog.maintenance_run ((true)) WHERE ended_at IS NULL;
COMMENT ON TABLE _prom_catalog.maintenance_run IS 'Runs of maintenance: the one under way, those of the last hour, and for a week those that did something.';

CREATE TABLE _prom_catalog.maintenance_state (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  search_next bigint,
  search_wanted boolean NOT NULL DEFAULT false,
  search_began timestamptz NOT NULL DEFAULT clock_timestamp(),
  forget_after timestamptz NOT NULL DEFAULT clock_timestamp() + interval '1 day',
  mark bigint NOT NULL DEFAULT 1,
  marked bigint NOT NULL DEFAULT 0,
  compressed_again timestamptz NOT NULL DEFAULT clock_timestamp(),
  blockers text[] NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE _prom_catalog.maintenance_state IS 'Where maintenance goes on.';
COMMENT ON COLUMN _prom_catalog.maintenance_state.search_next IS 'First series that the search for series without samples has not looked at; null: no search is under way.';
COMMENT ON COLUMN _prom_catalog.maintenance_state.forget_after IS 'No series is forgotten before: connectors of an older version may still run, and would not notice.';
COMMENT ON COLUMN _prom_catalog.maintenance_state.mark IS 'Mark of series that are found without samples now. Connectors have forgotten the ids of those with a lower one.';
COMMENT ON COLUMN _prom_catalog.maintenance_state.marked IS 'How many were marked and not deleted, at the most.';
COMMENT ON COLUMN _prom_catalog.maintenance_state.blockers IS 'Sessions that kept a partition from being dropped; while one of them is still in the same transaction, nobody tries again.';
INSERT INTO _prom_catalog.maintenance_state DEFAULT VALUES;

CREATE FUNCTION _prom_catalog.begin_maintenance(connector text, pause interval) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  r _prom_catalog.maintenance_run;
  moment timestamptz := clock_timestamp();
BEGIN
  IF NOT pg_try_advisory_xact_lock(_prom_catalog.lock_key('maintenance')) THEN
    RETURN NULL;
  END IF;
  SELECT * INTO r FROM _prom_catalog.maintenance_run ORDER BY run_id DESC LIMIT 1;
  IF r.run_id IS NOT NULL AND r.ended_at IS NULL THEN
    IF r.connector = begin_maintenance.connector THEN
      RETURN r.run_id;
    ELSIF r.touched_at BETWEEN moment - interval '30 s' AND moment + interval '30 s' THEN
      RETURN NULL;
    END IF;
    UPDATE _prom_catalog.maintenance_run SET ended_at = moment, trouble = 'its connector has stopped' WHERE run_id = r.run_id;
  ELSIF r.ended_at BETWEEN moment - pause AND moment + pause THEN
    RETURN NULL;
  END IF;
  DELETE FROM _prom_catalog.maintenance_run
    WHERE ended_at < moment - interval '7 days'
      OR (ended_at < moment - interval '1 hour' AND trouble IS NULL
        AND partitions_dropped + rows_deleted + series_removed + metrics_removed + chunks_compressed = 0);
  INSERT INTO _prom_catalog.maintenance_run (connector) VALUES (begin_maintenance.connector) RETURNING * INTO r;
  RETURN r.run_id;
END $$;
COMMENT ON FUNCTION _prom_catalog.begin_maintenance(text, interval) IS 'Gives a connector its run of maintenance, a new one if the last one ended longer ago than the pause; null: it is not its turn.';

CREATE FUNCTION _prom_catalog.end_maintenance(run bigint, told text) RETURNS void
  LANGUAGE sql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE _prom_catalog.maintenance_run SET ended_at = clock_timestamp(), touched_at = clock_timestamp(), trouble = told
    WHERE run_id = run AND ended_at IS NULL
$$;
COMMENT ON FUNCTION _prom_catalog.end_maintenance(bigint, text) IS 'Ends a run, with what went wrong or null.';

-- Steps of two runs exclude each other even where the clock of one connector stood still.
CREATE FUNCTION _prom_catalog.enter_step(run bigint, name text) RETURNS void
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF pg_try_advisory_xact_lock(_prom_catalog.lock_key('maintenance')) THEN
    UPDATE _prom_catalog.maintenance_run SET touched_at = clock_timestamp(), step = name WHERE run_id = run AND ended_at IS NULL;
    IF FOUND THEN
      RETURN;
    END IF;
  END IF;
  RAISE EXCEPTION 'maintenance run % is over, another connector goes on', run USING ERRCODE = 'object_not_in_prerequisite_state';
END $$;
COMMENT ON FUNCTION _prom_catalog.enter_step(bigint, text) IS 'Begins a transaction of a run of maintenance, or fails because the run was taken away.';

CREATE FUNCTION _prom_catalog.sessions_at(relations regclass[]) RETURNS text[]
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(array_agg(DISTINCT l.pid || ' ' || l.virtualtransaction), '{}') FROM pg_locks l
  WHERE l.relation = ANY (relations::oid[]) AND l.granted AND l.pid <> pg_backend_pid()
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
$$;
COMMENT ON FUNCTION _prom_catalog.sessions_at(regclass[]) IS 'Tells who has locks on tables: process id and virtual transaction.';

CREATE FUNCTION _prom_catalog.due_partitions(as_of timestamptz)
  RETURNS TABLE (table_name text, partition regclass, starts timestamptz, ends timestamptz)
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
  SELECT DISTINCT ON (p.table_name) p.table_name, p.partition, p.starts, p.ends
  FROM _prom_catalog.partitions() p,
    (SELECT _prom_catalog.retention_period(_prom_catalog.longest_retention_ms()) AS period) r
  WHERE p.ends <= least(as_of, clock_timestamp()) - r.period
  ORDER BY p.table_name, p.ends
$$;
COMMENT ON FUNCTION _prom_catalog.due_partitions(timestamptz) IS 'Finds the oldest partition of each table all of whose samples are older than the longest retention, by the clocks of the connector and the database.';

-- The lock on the whole table is what everybody would queue behind. It is waited for once; who was
-- in the way then is noted, and must have gone before it is tried again.
CREATE FUNCTION _prom_catalog.maintain_drop(run bigint, as_of timestamptz, OUT done bigint, OUT more boolean)
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET lock_timeout = '1s'
AS $$
DECLARE
  p record;
  busy text[];
  known text[] := '{}';
  name text;
BEGIN
  PERFORM _prom_catalog.enter_step(run, 'drop partitions');
  done := 0;
  FOR p IN SELECT * FROM _prom_catalog.due_partitions(as_of) ORDER BY ends, table_name LOOP
    busy := _prom_catalog.sessions_at(ARRAY[p.partition, format('prom_data.%I', p.table_name)::regclass]);
    busy := ARRAY(SELECT unnest(busy) INTERSECT SELECT unnest(blockers) FROM _prom_catalog.maintenance_state);
    IF busy = '{}' THEN
      name := p.partition::text;
      BEGIN
        PERFORM _prom_catalog.drop_partition(p.table_name, p.partition, p.starts, p.ends);
        done := 1;
        EXIT;
      EXCEPTION WHEN lock_not_available THEN
        busy := _prom_catalog.sessions_at(ARRAY[p.partition, format('prom_data.%I', p.table_name)::regclass]);
        UPDATE _prom_catalog.maintenance_state SET blockers = blockers || busy;
      END;
    END IF;
    known := known || busy;
  END LOOP;
  more := done > 0;
  IF more THEN
    UPDATE _prom_catalog.maintenance_state SET search_wanted = true;
    DELETE FROM _prom_catalog.sweep WHERE partition = name;
    UPDATE _prom_catalog.maintenance_run SET partitions_dropped = partitions_dropped + 1 WHERE run_id = run;
  ELSE
    UPDATE _prom_catalog.maintenance_state SET blockers = known WHERE blockers <> known;
  END IF;
END $$;
COMMENT ON FUNCTION _prom_catalog.maintain_drop(bigint, timestamptz) IS 'Drops one partition that is older than the longest retention.';

CREATE FUNCTION _prom_catalog.drop_partition(table_name text, partition regclass, starts timestamptz, ends timestamptz) RETURNS void
  LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF (SELECT value FROM _prom_catalog.setting WHERE name = 'engine') = 'hypertables' THEN
    EXECUTE format('SELECT %I.drop_chunks(%L::regclass, older_than => %L::timestamptz, newer_than => %L::timestamptz)',
      (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'timescaledb'),
      format('prom_data.%I', table_name), ends, starts);
  ELSE
    EXECUTE format('DROP TABLE %s', partition);
  END IF;
END $$;
COMMENT ON FUNCTION _prom_catalog.drop_partition(text, regclass, timestamptz, timestamptz) IS 'Drops a partition, or the chunk that covers just this time.';

CREATE FUNCTION _prom_catalog.is_compressed(partition regclass) RETURNS boolean
  LANGUAGE plpgsql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF (SELECT value FROM _prom_catalog.setting WHERE name = 'engine') = 'hypertables' THEN
    RETURN EXISTS (SELECT FROM timescaledb_information.chunks c
      WHERE c.is_compressed AND format('%I.%I', c.chunk_schema, c.chunk_name)::regclass = partition);
  END IF;
  RETURN false;
END $$;
COMMENT ON FUNCTION _prom_catalog.is_compressed(regclass) IS 'Tells whether the rows of a chunk are not where PostgreSQL would look for them.';

REVOKE EXECUTE ON FUNCTION _prom_catalog.begin_maintenance(text, interval), _prom_catalog.end_maintenance(bigint, text),
  _prom_catalog.enter_step(bigint, text), _prom_catalog.maintain_drop(bigint, timestamptz),
  _prom_catalog.drop_partition(text, regclass, timestamptz, timestamptz) FROM PUBLIC;
