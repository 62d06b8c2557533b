CREATE FUNCTION _prom_catalog.maintain_metrics(run bigint, as_of timestamptz, OUT done bigint, OUT more boolean)
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET lock_timeout = '1s'
AS $$
DECLARE
  candidate bigint;
  m _prom_catalog.metric;
BEGIN
  PERFORM _prom_catalog.enter_step(run, 'delete metrics without series');
  done := 0;
  more := false;
  IF NOT pg_try_advisory_xact_lock(_prom_catalog.lock_key('views')) THEN
    RETURN;
  END IF;
  FOR candidate IN SELECT metric_id FROM _prom_catalog.forgotten_metric ORDER BY metric_id LIMIT 20 LOOP
    more := true;
    DELETE FROM _prom_catalog.forgotten_metric WHERE metric_id = candidate;
    -- Who is about to register a series of it has locked it too; then it is not without series.
    SELECT * INTO m FROM _prom_catalog.metric WHERE id = candidate FOR UPDATE SKIP LOCKED;
    CONTINUE WHEN NOT FOUND OR m.retention_ms IS NOT NULL OR EXISTS (SELECT FROM _prom_catalog.series WHERE metric_id = candidate);
    BEGIN
      PERFORM _prom_catalog.drop_views(m.view_name);
      DELETE FROM _prom_catalog.metric WHERE id = candidate;
      done := done + 1;
    EXCEPTION WHEN lock_not_available OR dependent_objects_still_exist THEN
      NULL; -- somebody reads it, or has built on it: it stays, empty, until its series come and go again
    END;
  END LOOP;
  UPDATE _prom_catalog.maintenance_run SET metrics_removed = metrics_removed + done WHERE run_id = run AND done > 0;
END $$;
COMMENT ON FUNCTION _prom_catalog.maintain_metrics(bigint, timestamptz) IS 'Deletes some of the metrics that have no series left, with their views; not those with a retention of their own.';

CREATE FUNCTION _prom_catalog.unused_values(candidates _prom_catalog.forgotten_value[]) RETURNS _prom_catalog.forgotten_value[]
  LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
  SET enable_seqscan = off
  SET jit = off
AS $$
  SELECT coalesce(array_agg(c), '{}') FROM unnest(candidates) c
  JOIN _prom_catalog.label_value v ON v.key_id = c.key_id AND v.digest = c.digest
  JOIN _prom_catalog.label_key k ON k.id = c.key_id
  LEFT JOIN LATERAL (
    SELECT true AS there FROM _prom_catalog.series s
    WHERE s.tenant_id = k.tenant_id AND s.labels @> jsonb_build_object(k.key, v.value) LIMIT 1) d ON true
  WHERE d.there IS NULL
$$;
COMMENT ON FUNCTION _prom_catalog.unused_values(_prom_catalog.forgotten_value[]) IS 'Tells which of these values of labels no series has.';

-- Searched twice: without the lock, because that takes long for a value that many series have, and
-- under it, where registering new series waits.
CREATE FUNCTION _prom_catalog.maintain_values(run bigint, as_of timestamptz, OUT done bigint, OUT more boolean)
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  SET lock_timeout = '1s'
AS $$
DECLARE
  candidates _prom_catalog.forgotten_value[];
  unused _prom_catalog.forgotten_value[];
BEGIN
  PERFORM _prom_catalog.enter_step(run, 'delete labels without series');
  done := 0;
  candidates := ARRAY(SELECT f FROM _prom_catalog.forgotten_value f ORDER BY key_id, digest LIMIT 20);
  more := candidates <> '{}';
  IF NOT more THEN
    RETURN;
  END IF;
  unused := _prom_catalog.unused_values(candidates);
  IF unused <> '{}' THEN
    PERFORM pg_advisory_xact_lock(_prom_catalog.lock_key('labels'));
    unused := _prom_catalog.unused_values(unused);
    DELETE FROM _prom_catalog.label_value v USING unnest(unused) u WHERE v.key_id = u.key_id AND v.digest = u.digest;
    GET DIAGNOSTICS done = ROW_COUNT;
    DELETE FROM _prom_catalog.label_key k WHERE k.id IN (SELECT key_id FROM unnest(unused))
      AND NOT EXISTS (SELECT FROM _prom_catalog.label_value v WHERE v.key_id = k.id);
  END IF;
  DELETE FROM _prom_catalog.forgotten_value f USING unnest(candidates) c WHERE f.key_id = c.key_id AND f.digest = c.digest;
END $$;
COMMENT ON FUNCTION _prom_catalog.maintain_values(bigint, timestamptz) IS 'Deletes some of the values of labels that no series has any more, and names of labels without values.';

CREATE FUNCTION _prom_catalog.maintain_history(run bigint, as_of timestamptz, OUT done bigint, OUT more boolean)
  LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- A day more than the samples: which of those may still be stored, the terms decide.
  edge timestamptz := least(as_of, clock_timestamp()) - interval '1 day'
    - _prom_catalog.retention_period(_prom_catalog.longest_retention_ms());
BEGIN
  PERFORM _prom_catalog.enter_step(run, 'delete old history');
  done := 0;
  more := false;
  DELETE FROM _prom_catalog.ha_term WHERE ends < edge AND decided_at < edge;
  DELETE FROM _prom_catalog.ha_patch WHERE ends < edge AND open_until < edge;
  DELETE FROM _prom_catalog.ha_action WHERE at < edge AND coalesce(expires, at) < edge;
  DELETE FROM _prom_catalog.metadata WHERE seen_at < edge;
END $$;
COMMENT ON FUNCTION _prom_catalog.maintain_history(bigint, timestamptz) IS 'Deletes terms, patches, actions and metadata that are older than all samples.';

CREATE VIEW prom_info.maintenance AS
  SELECT run_id, connector, started_at, coalesce(ended_at, touched_at) - started_at AS took, ended_at IS NULL AS running, step,
    partitions_dropped, rows_deleted, series_removed, metrics_removed, chunks_compressed, trouble,
    CASE WHEN ended_at IS NULL OR run_id = max(run_id) OVER () THEN
      (SELECT CASE WHEN blockers <> '{}' THEN blockers END FROM _prom_catalog.maintenance_state) END AS blocked_by
  FROM _prom_catalog.maintenance_run;
COMMENT ON VIEW prom_info.maintenance IS 'Runs of maintenance, of all connectors one at a time: the one under way, those of the last hour, and for a week those that did something. blocked_by: process ids of sessions because of which no partition can be dropped.';

REVOKE EXECUTE ON FUNCTION _prom_catalog.maintain_metrics(bigint, timestamptz), _prom_catalog.maintain_values(bigint, timestamptz),
  _prom_catalog.maintain_history(bigint, timestamptz) FROM PUBLIC;
