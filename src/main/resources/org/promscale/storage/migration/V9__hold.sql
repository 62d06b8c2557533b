ALTER TABLE _prom_catalog.ha_patch
  ADD COLUMN cause text NOT NULL DEFAULT 'takeover',
  ADD COLUMN opens_at timestamptz NOT NULL DEFAULT clock_timestamp();
COMMENT ON COLUMN _prom_catalog.ha_patch.cause IS 'Why: takeover or hand-over, the stretch before the boundary with the term before; hole, inside a term.';
COMMENT ON COLUMN _prom_catalog.ha_patch.opens_at IS 'Nothing is filled before: after a hand-over the old leader delivers its rest itself.';

ALTER TABLE _prom_catalog.ha_lease
  ADD COLUMN patched_since timestamptz,
  ADD COLUMN patched_at timestamptz,
  ADD COLUMN pinned text CHECK (octet_length(pinned) <= 1024),
  ADD COLUMN pinned_until timestamptz;
COMMENT ON COLUMN _prom_catalog.ha_lease.patched_since IS 'When the first of the patches was opened that follow on each other; the last one was at patched_at.';
COMMENT ON COLUMN _prom_catalog.ha_lease.pinned IS 'The replica that shall lead while it delivers, until pinned_until (null: for good).';

ALTER TABLE _prom_catalog.ha_sighting ADD COLUMN drained boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN _prom_catalog.ha_sighting.drained IS 'An operator wants it not to lead unless no other replica lives.';

-- What a change of leader has cost is measured once its seam has been filled; see measured_at.
ALTER TABLE _prom_catalog.ha_term
  ADD COLUMN silence_ms bigint,
  ADD COLUMN last_commit timestamptz,
  ADD COLUMN first_commit timestamptz,
  ADD COLUMN measured_at timestamptz;
COMMENT ON COLUMN _prom_catalog.ha_term.hole_ms IS 'The longest stretch that is missing from a series around the start of the term, as far as it was measured; 0: none.';
COMMENT ON COLUMN _prom_catalog.ha_term.silence_ms IS 'How long the leader before had been watched committing nothing.';
COMMENT ON COLUMN _prom_catalog.ha_term.last_commit IS 'Wall time of the last commit of the leader before; null if it has never committed.';
COMMENT ON COLUMN _prom_catalog.ha_term.first_commit IS 'Wall time of the first commit in this term, to the second.';
COMMENT ON COLUMN _prom_catalog.ha_term.measured_at IS 'When the hole was measured and the change was logged; null: not yet. Whoever sets it logs.';
-- Of terms that began before, nobody wrote down what is needed.
UPDATE _prom_catalog.ha_term SET measured_at = now();
CREATE INDEX ha_term_unmeasured ON _prom_catalog.ha_term (cluster_id, term) WHERE measured_at IS NULL AND term > 1;

-- Whoever adopts a row claims it and deletes it when its samples have found their place: a connector
-- that dies meanwhile leaves it to the next one.
ALTER TABLE _prom_catalog.ha_held
  ADD COLUMN items bigint NOT NULL DEFAULT 0,
  ADD COLUMN claimed_by uuid,
  ADD COLUMN claimed_until timestamptz;
COMMENT ON COLUMN _prom_catalog.ha_held.claimed_by IS 'The connector that holds it in memory, until claimed_until; nobody if that is past or null.';
COMMENT ON COLUMN _prom_catalog.ha_held.body IS 'The request as it came, compressed; only the series of this cluster and replica count.';

CREATE TABLE _prom_catalog.ha_action (
  action_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  cluster_id bigint NOT NULL REFERENCES _prom_catalog.ha_cluster,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  action text NOT NULL,
  replica text,
  actor text NOT NULL,
  reason text NOT NULL,
  forced boolean NOT NULL DEFAULT false,
  expires timestamptz,
  term bigint NOT NULL
);
CREATE INDEX ha_action_cluster ON _prom_catalog.ha_action (cluster_id, at);
COMMENT ON COLUMN _prom_catalog.ha_action.expires IS 'When the pin ends; null: it does not, or this is no pin.';
COMMENT ON COLUMN _prom_catalog.ha_action.term IS 'The term that was current afterwards: begun by this action, or by an earlier change.';
COMMENT ON TABLE _prom_catalog.ha_action IS 'What operators did to leadership: hand over, pin, drain, and taking those back.';

CREATE VIEW prom_info.ha_actions AS
  SELECT c.tenant_id, c.cluster, a.at, a.action, a.replica, a.actor, a.reason, a.forced, a.expires, a.term
  FROM _prom_catalog.ha_action a JOIN _prom_catalog.ha_cluster c USING (cluster_id);
COMMENT ON VIEW prom_info.ha_actions IS 'What operators did to leadership, who and why.';

CREATE OR REPLACE VIEW prom_info.ha_patches AS
  SELECT c.tenant_id, c.cluster, p.replica, p.starts, p.ends, p.samples_filled, p.opened_at, p.open_until,
    p.cause, p.opens_at
  FROM _prom_catalog.ha_patch p JOIN _prom_catalog.ha_cluster c USING (cluster_id);

CREATE OR REPLACE VIEW prom_info.ha_terms AS
  SELECT c.tenant_id, c.cluster, t.term, t.leader, coalesce(t.starts, '-infinity') AS starts, t.ends,
    t.cause, t.actor, t.reason, t.hole_ms, t.decided_at, t.silence_ms,
    CASE WHEN t.first_commit IS NOT NULL AND t.last_commit IS NOT NULL THEN
      greatest(0, extract(epoch FROM t.first_commit - t.last_commit) * 1000)::bigint END AS failover_ms
  FROM _prom_catalog.ha_term t JOIN _prom_catalog.ha_cluster c USING (cluster_id);

CREATE OR REPLACE VIEW prom_info.ha_clusters AS
  SELECT c.tenant_id, c.cluster, l.leader, l.term, coalesce(l.starts, '-infinity') AS leads_from,
    greatest(l.base_frontier, p.frontier) AS stored_until, p.committed_at AS last_commit,
    l.silence_ms, l.timeout_ms,
    (SELECT count(*) FROM _prom_catalog.ha_sighting s WHERE s.cluster_id = c.cluster_id) AS replicas,
    (SELECT jsonb_object_agg(s.replica, jsonb_build_object('last_seen', s.last_seen, 'newest', s.newest, 'drained', s.drained))
     FROM _prom_catalog.ha_sighting s WHERE s.cluster_id = c.cluster_id) AS sightings,
    l.seal AS closed_until,
    CASE WHEN coalesce(l.pinned_until, 'infinity') > clock_timestamp() THEN l.pinned END AS pinned,
    CASE WHEN l.pinned_until > clock_timestamp() THEN l.pinned_until END AS pinned_until,
    (SELECT count(*) FROM _prom_catalog.ha_held h WHERE h.cluster_id = c.cluster_id
       AND coalesce(h.claimed_until, '-infinity') <= clock_timestamp()) AS held_requests
  FROM _prom_catalog.ha_cluster c
  LEFT JOIN _prom_catalog.ha_lease l USING (cluster_id)
  LEFT JOIN LATERAL (
    SELECT max(g.frontier) AS frontier, max(g.committed_at) AS committed_at
    FROM _prom_catalog.ha_progress g WHERE g.cluster_id = c.cluster_id AND g.fence = l.fence) p ON true;

-- The list of tables has grown.
CREATE OR REPLACE FUNCTION _prom_catalog.apply_grants() RETURNS void
  LANGUAGE plpgsql
AS $$
DECLARE
  s text;
  visible text[] := '{prom_data,prom_metric,prom_series,prom_info,prom_api,_prom_catalog}';
BEGIN
  -- Two sessions that grant on the same object at once would fail.
  PERFORM pg_advisory_xact_lock(_prom_catalog.lock_key('grants'));
  IF to_regrole('prom_reader') IS NOT NULL THEN
    FOREACH s IN ARRAY visible LOOP
      EXECUTE format('GRANT USAGE ON SCHEMA %I TO prom_reader', s);
      EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO prom_reader', s);
      EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO prom_reader', s);
    END LOOP;
  END IF;
  IF to_regrole('prom_writer') IS NOT NULL THEN
    FOREACH s IN ARRAY visible LOOP
      EXECUTE format('GRANT USAGE ON SCHEMA %I TO prom_writer', s);
      EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO prom_writer', s);
      EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO prom_writer', s);
    END LOOP;
    GRANT INSERT ON prom_data.sample, prom_data.sample_start, prom_data.histogram, prom_data.exemplar TO prom_writer;
    GRANT INSERT, UPDATE ON _prom_catalog.metric, _prom_catalog.series, _prom_catalog.label_key,
      _prom_catalog.label_value, _prom_catalog.metric_label, _prom_catalog.metadata TO prom_writer;
    GRANT INSERT, UPDATE, DELETE ON _prom_catalog.ha_cluster, _prom_catalog.ha_lease, _prom_catalog.ha_progress,
      _prom_catalog.ha_term, _prom_catalog.ha_patch, _prom_catalog.ha_sighting, _prom_catalog.ha_held,
      _prom_catalog.ha_action TO prom_writer;
    GRANT EXECUTE ON FUNCTION _prom_catalog.create_slot(bigint, bigint), _prom_catalog.publish_views(bigint) TO prom_writer;
  END IF;
  IF to_regrole('prom_admin') IS NOT NULL THEN
    FOREACH s IN ARRAY visible LOOP
      EXECUTE format('GRANT USAGE ON SCHEMA %I TO prom_admin', s);
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO prom_admin', s);
      EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA %I TO prom_admin', s);
      EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO prom_admin', s);
    END LOOP;
  END IF;
END $$;

DO $$ BEGIN PERFORM _prom_catalog.apply_grants(); END $$;
