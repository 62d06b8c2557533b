-- Data times travel as milliseconds since 1970; the smallest number stands for minus infinity.
CREATE FUNCTION _prom_catalog.data_ms(at timestamptz) RETURNS bigint
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN CASE WHEN isfinite(at) THEN floor(extract(epoch FROM at) * 1000)::bigint
    WHEN at < '2000-01-01' THEN (-9223372036854775808)::bigint ELSE 9223372036854775807::bigint END;
COMMENT ON FUNCTION _prom_catalog.data_ms(timestamptz) IS 'Turns a time into milliseconds since 1970.';

-- Days and milliseconds of the day apart: one interval of so many milliseconds would be rounded.
CREATE FUNCTION _prom_catalog.data_time(ms bigint) RETURNS timestamptz
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN CASE WHEN ms = (-9223372036854775808)::bigint THEN '-infinity'::timestamptz ELSE
    (timestamp 'epoch' + floor(ms / 86400000.0)::int * interval '1 day'
      + (ms - floor(ms / 86400000.0)::bigint * 86400000) * interval '1 millisecond') AT TIME ZONE 'UTC' END;
COMMENT ON FUNCTION _prom_catalog.data_time(bigint) IS 'Turns milliseconds since 1970 into a time, exactly.';

ALTER TABLE _prom_catalog.ha_lease
  ADD COLUMN gaps_ms bigint[] NOT NULL DEFAULT '{}',
  ADD COLUMN burst_at timestamptz,
  ADD COLUMN timeout_override_ms bigint,
  SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON COLUMN _prom_catalog.ha_lease.gaps_ms IS 'The last 16 gaps between bursts of the leader''s commits, oldest first.';
COMMENT ON COLUMN _prom_catalog.ha_lease.burst_at IS 'Start of the burst that ended the last of these gaps.';
COMMENT ON COLUMN _prom_catalog.ha_lease.timeout_override_ms IS 'Timeout of this cluster alone; null: as the connectors are set.';
COMMENT ON COLUMN _prom_catalog.ha_lease.timeout_ms IS 'Silence after which a standby takes over, as it was last recorded.';

ALTER TABLE _prom_catalog.ha_progress
  ADD COLUMN registered_at timestamptz NOT NULL DEFAULT clock_timestamp();

ALTER TABLE _prom_catalog.ha_patch ADD COLUMN filled_at timestamptz;
COMMENT ON COLUMN _prom_catalog.ha_patch.open_until IS 'From here on nothing is filled any more; infinity while the patch is open.';

CREATE OR REPLACE VIEW prom_info.ha_clusters AS
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
