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

CREATE OR REPLACE VIEW prom_info.ha_terms AS
  SELECT c.tenant_id, c.cluster, t.term, t.leader, coalesce(t.starts, '-infinity') AS starts, t.ends,
    t.cause, t.actor, t.reason, t.hole_ms, t.decided_at, t.silence_ms,
    CASE WHEN t.first_commit IS NOT NULL AND t.last_commit IS NOT NULL THEN
      greatest(0, extract(epoch FROM t.first_commit - t.last_commit) * 1000)::bigint END AS failover_ms
  FROM _prom_catalog.ha_term t JOIN _prom_catalog.ha_cluster c USING (cluster_id);

-- Whoever adopts a row claims it and deletes it when its samples have found their place: a connector
-- that dies meanwhile leaves it to the next one.
ALTER TABLE _prom_catalog.ha_held
  ADD COLUMN claimed_by uuid,
  ADD COLUMN claimed_until timestamptz;
COMMENT ON COLUMN _prom_catalog.ha_held.claimed_by IS 'The connector that holds it in memory, until claimed_until; nobody if that is past or null.';

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
