-- The index of a cluster must hold its name, hence the bound.
CREATE TABLE _prom_catalog.ha_cluster (
  cluster_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id int NOT NULL DEFAULT 0,
  cluster text COLLATE "C" NOT NULL CHECK (octet_length(cluster) <= 1024),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, cluster)
);
COMMENT ON TABLE _prom_catalog.ha_cluster IS 'Groups of identical senders of which one at a time is stored.';

CREATE TABLE _prom_catalog.ha_lease (
  cluster_id bigint PRIMARY KEY REFERENCES _prom_catalog.ha_cluster,
  term bigint NOT NULL,
  leader text NOT NULL CHECK (octet_length(leader) <= 1024),
  starts timestamptz,
  seal timestamptz,
  fence uuid NOT NULL,
  silence_ms bigint NOT NULL DEFAULT 0,
  looked_at timestamptz,
  counter_seen bigint NOT NULL DEFAULT 0,
  cadence_ms bigint,
  timeout_ms bigint,
  base_frontier timestamptz,
  base_last timestamptz,
  base_commits bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE _prom_catalog.ha_lease IS 'Who leads each cluster now; connectors follow this row.';
COMMENT ON COLUMN _prom_catalog.ha_lease.starts IS 'Data time of the first sample of the term; null in the first term, which has no beginning.';
COMMENT ON COLUMN _prom_catalog.ha_lease.seal IS 'Data time up to which history is closed: earlier samples only fill holes; null where nothing is closed.';
COMMENT ON COLUMN _prom_catalog.ha_lease.fence IS 'Random token, new with every change of leader, start or seal; a transaction that stores samples must still find it.';
COMMENT ON COLUMN _prom_catalog.ha_lease.silence_ms IS 'How long the leader has been watched committing nothing.';
COMMENT ON COLUMN _prom_catalog.ha_lease.timeout_ms IS 'Silence after which a standby takes over.';
COMMENT ON COLUMN _prom_catalog.ha_lease.base_frontier IS 'Progress of lanes that are gone, kept with base_last and base_commits.';

-- Updated once per batch: the free space keeps the update inside the page and off the index.
CREATE TABLE _prom_catalog.ha_progress (
  cluster_id bigint NOT NULL REFERENCES _prom_catalog.ha_cluster,
  lane text NOT NULL,
  fence uuid NOT NULL,
  frontier timestamptz,
  last timestamptz,
  lag_ms bigint NOT NULL DEFAULT 0,
  commits bigint NOT NULL DEFAULT 0,
  committed_at timestamptz,
  PRIMARY KEY (cluster_id, lane)
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON TABLE _prom_catalog.ha_progress IS 'How far each writer of each connector has stored the leader''s data; the row is also the fence.';

CREATE TABLE _prom_catalog.ha_term (
  cluster_id bigint NOT NULL REFERENCES _prom_catalog.ha_cluster,
  term bigint NOT NULL,
  leader text NOT NULL,
  starts timestamptz,
  ends timestamptz,
  cause text NOT NULL,
  actor text,
  reason text,
  hole_ms bigint,
  decided_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (cluster_id, term)
);
COMMENT ON TABLE _prom_catalog.ha_term IS 'Every leadership there was; terms judge late data, so they stay as long as the data.';

CREATE TABLE _prom_catalog.ha_patch (
  patch_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  cluster_id bigint NOT NULL REFERENCES _prom_catalog.ha_cluster,
  replica text NOT NULL,
  starts timestamptz,
  ends timestamptz,
  opened_at timestamptz NOT NULL DEFAULT now(),
  open_until timestamptz NOT NULL,
  samples_filled bigint NOT NULL DEFAULT 0
);
CREATE INDEX ha_patch_cluster ON _prom_catalog.ha_patch (cluster_id, open_until);
COMMENT ON TABLE _prom_catalog.ha_patch IS 'Stretches of data time in which the samples of one replica fill holes.';

CREATE TABLE _prom_catalog.ha_sighting (
  cluster_id bigint NOT NULL REFERENCES _prom_catalog.ha_cluster,
  replica text NOT NULL CHECK (octet_length(replica) <= 1024),
  last_seen timestamptz NOT NULL,
  newest timestamptz,
  PRIMARY KEY (cluster_id, replica)
) WITH (fillfactor = 50);
COMMENT ON TABLE _prom_catalog.ha_sighting IS 'When each replica was last heard of and the newest data time it sent.';

CREATE TABLE _prom_catalog.ha_held (
  held_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  cluster_id bigint NOT NULL REFERENCES _prom_catalog.ha_cluster,
  replica text NOT NULL,
  oldest timestamptz NOT NULL,
  newest timestamptz NOT NULL,
  held_at timestamptz NOT NULL DEFAULT now(),
  body bytea NOT NULL
);
ALTER TABLE _prom_catalog.ha_held ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX ha_held_cluster ON _prom_catalog.ha_held (cluster_id, replica);
COMMENT ON TABLE _prom_catalog.ha_held IS 'Requests of standbys that a stopping or full connector left to the others.';

CREATE VIEW prom_info.ha_clusters AS
  SELECT c.tenant_id, c.cluster, l.leader, l.term, coalesce(l.starts, '-infinity') AS leads_from,
    greatest(l.base_frontier, p.frontier) AS stored_until, p.committed_at AS last_commit,
    l.silence_ms, l.timeout_ms,
    (SELECT count(*) FROM _prom_catalog.ha_sighting s WHERE s.cluster_id = c.cluster_id) AS replicas,
    (SELECT jsonb_object_agg(s.replica, jsonb_build_object('last_seen', s.last_seen, 'newest', s.newest))
     FROM _prom_catalog.ha_sighting s WHERE s.cluster_id = c.cluster_id) AS sightings
  FROM _prom_catalog.ha_cluster c
  LEFT JOIN _prom_catalog.ha_lease l USING (cluster_id)
  LEFT JOIN LATERAL (
    SELECT max(g.frontier) AS frontier, max(g.committed_at) AS committed_at
    FROM _prom_catalog.ha_progress g WHERE g.cluster_id = c.cluster_id AND g.fence = l.fence) p ON true;
COMMENT ON VIEW prom_info.ha_clusters IS 'Each cluster, who leads it, how far its data is stored, and when its replicas were last seen.';

CREATE VIEW prom_info.ha_terms AS
  SELECT c.tenant_id, c.cluster, t.term, t.leader, coalesce(t.starts, '-infinity') AS starts, t.ends,
    t.cause, t.actor, t.reason, t.hole_ms, t.decided_at
  FROM _prom_catalog.ha_term t JOIN _prom_catalog.ha_cluster c USING (cluster_id);
COMMENT ON VIEW prom_info.ha_terms IS 'Every leadership of every cluster: from when to when (data time), why it changed, and the hole it left.';

CREATE VIEW prom_info.ha_patches AS
  SELECT c.tenant_id, c.cluster, p.replica, p.starts, p.ends, p.samples_filled, p.opened_at, p.open_until
  FROM _prom_catalog.ha_patch p JOIN _prom_catalog.ha_cluster c USING (cluster_id);
COMMENT ON VIEW prom_info.ha_patches IS 'Stretches of data time in which a standby''s samples filled holes of the leader, and how many.';
