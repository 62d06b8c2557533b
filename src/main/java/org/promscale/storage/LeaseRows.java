package org.promscale.storage;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.Lease;
import org.promscale.ha.Patch;
import org.promscale.ha.PatchRun;
import org.promscale.ha.Progress;
import org.promscale.ha.Sighting;
import org.promscale.ha.Silence;
import org.promscale.ha.Steering;
import org.promscale.ha.Term;

/**
 * Reads leases. Lease, progress, terms and patches come from one statement, so they fit together: a
 * frontier of another term would let samples go that nobody has stored. Stateless.
 */
final class LeaseRows {

  /** Older terms judge nothing any more: samples of that age count as covered. */
  private static final int TERMS = 256;

  private static final String SELECT =
      """
      SELECT l.cluster_id, c.tenant_id, c.cluster, l.term, l.leader,
        _prom_catalog.data_ms(l.starts) AS starts, _prom_catalog.data_ms(l.seal) AS seal, l.fence,
        l.silence_ms, _prom_catalog.data_ms(l.looked_at) AS looked_at, l.counter_seen, l.gaps_ms,
        l.timeout_override_ms,
        _prom_catalog.data_ms(greatest(l.base_frontier, p.frontier)) AS frontier,
        _prom_catalog.data_ms(greatest(l.base_last, p.last)) AS last,
        p.lag_ms, l.base_commits + p.commits AS commits,
        _prom_catalog.data_ms(p.committed_at) AS committed_at, p.idle,
        _prom_catalog.data_ms(l.patched_since) AS patched_since,
        _prom_catalog.data_ms(l.patched_at) AS patched_at,
        l.pinned, _prom_catalog.data_ms(l.pinned_until) AS pinned_until,
        s.replicas, s.seen, s.newest, s.drained,
        t.terms, t.leaders, t.term_starts, t.term_ends,
        h.patches, h.patchers, h.patch_starts, h.patch_ends, h.patch_opens,
        (SELECT count(*) FROM _prom_catalog.ha_term r WHERE r.cluster_id = l.cluster_id
           AND r.cause IN ('silent', 'lagging')
           AND r.decided_at > clock_timestamp() - interval '1 hour') AS recent,
        _prom_catalog.data_ms(clock_timestamp()) AS now
      FROM _prom_catalog.ha_lease l
      JOIN _prom_catalog.ha_cluster c USING (cluster_id)
      CROSS JOIN LATERAL (
        SELECT max(g.frontier) FILTER (WHERE g.fence = l.fence) AS frontier,
          max(g.last) FILTER (WHERE g.fence = l.fence) AS last,
          coalesce(max(g.lag_ms) FILTER (WHERE g.fence = l.fence
            AND g.committed_at > clock_timestamp() - interval '5 minutes'), 0) AS lag_ms,
          coalesce(sum(g.commits), 0)::bigint AS commits,
          max(g.committed_at) FILTER (WHERE g.fence = l.fence) AS committed_at,
          count(*) FILTER (WHERE greatest(g.committed_at, g.registered_at)
            < clock_timestamp() - interval '10 minutes') AS idle
        FROM _prom_catalog.ha_progress g WHERE g.cluster_id = l.cluster_id) p
      CROSS JOIN LATERAL (
        SELECT array_agg(r.replica) AS replicas,
          array_agg(_prom_catalog.data_ms(r.last_seen)) AS seen,
          array_agg(_prom_catalog.data_ms(r.newest)) AS newest,
          array_agg(r.replica) FILTER (WHERE r.drained) AS drained
        FROM _prom_catalog.ha_sighting r WHERE r.cluster_id = l.cluster_id) s
      CROSS JOIN LATERAL (
        SELECT array_agg(r.term ORDER BY r.term) AS terms, array_agg(r.leader ORDER BY r.term) AS leaders,
          array_agg(_prom_catalog.data_ms(r.starts) ORDER BY r.term) AS term_starts,
          array_agg(_prom_catalog.data_ms(r.ends) ORDER BY r.term) AS term_ends
        FROM (SELECT * FROM _prom_catalog.ha_term a WHERE a.cluster_id = l.cluster_id
                AND l.fence <> ALL (?::uuid[])
              ORDER BY a.term DESC LIMIT %d) r) t
      CROSS JOIN LATERAL (
        SELECT array_agg(r.patch_id) AS patches, array_agg(r.replica) AS patchers,
          array_agg(_prom_catalog.data_ms(r.starts)) AS patch_starts,
          array_agg(_prom_catalog.data_ms(r.ends)) AS patch_ends,
          array_agg(_prom_catalog.data_ms(r.opens_at)) AS patch_opens
        FROM _prom_catalog.ha_patch r
        WHERE r.cluster_id = l.cluster_id AND r.open_until = 'infinity') h
      """
          .formatted(TERMS);

  private LeaseRows() {}

  static List<ClusterState> readAll(Connection connection, Collection<UUID> knownFences)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(SELECT)) {
      statement.setString(1, uuids(knownFences));
      return read(statement);
    }
  }

  static List<ClusterState> read(Connection connection, Collection<Long> clusterIds)
      throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(SELECT + " WHERE l.cluster_id = ANY (?)")) {
      statement.setString(1, "{}");
      statement.setObject(2, clusterIds.stream().mapToLong(Long::longValue).toArray());
      return read(statement);
    }
  }

  /** As text: servers' wrappers of connections do not all make arrays. */
  private static String uuids(Collection<UUID> fences) {
    return "{" + String.join(",", fences.stream().map(UUID::toString).toList()) + "}";
  }

  private static List<ClusterState> read(PreparedStatement statement) throws SQLException {
    statement.setQueryTimeout(LeaseSql.TIMEOUT_SECONDS);
    List<ClusterState> states = new ArrayList<>();
    try (ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        states.add(state(row));
      }
    }
    return states;
  }

  private static ClusterState state(ResultSet row) throws SQLException {
    Lease lease =
        new Lease(
            row.getLong("term"),
            row.getString("leader"),
            time(row, "starts"),
            time(row, "seal"),
            row.getObject("fence", UUID.class),
            new Silence(
                row.getLong("counter_seen"), row.getLong("silence_ms"), time(row, "looked_at")),
            longs(row.getArray("gaps_ms")),
            row.getLong("timeout_override_ms"));
    Progress progress =
        new Progress(
            time(row, "frontier"),
            time(row, "last"),
            row.getLong("lag_ms"),
            row.getLong("commits"),
            time(row, "committed_at"));
    return new ClusterState(
        row.getLong("cluster_id"),
        row.getInt("tenant_id"),
        row.getString("cluster"),
        lease,
        progress,
        sightings(row),
        terms(row),
        patches(row),
        row.getInt("idle"),
        row.getInt("recent"),
        new PatchRun(time(row, "patched_since"), time(row, "patched_at")),
        steering(row),
        row.getLong("now"));
  }

  private static List<Sighting> sightings(ResultSet row) throws SQLException {
    List<String> replicas = texts(row.getArray("replicas"));
    List<Long> seen = longs(row.getArray("seen"));
    List<Long> newest = longs(row.getArray("newest"));
    List<Sighting> sightings = new ArrayList<>();
    for (int i = 0; i < replicas.size(); i++) {
      sightings.add(new Sighting(replicas.get(i), seen.get(i), newest.get(i)));
    }
    return sightings;
  }

  private static Steering steering(ResultSet row) throws SQLException {
    long until = time(row, "pinned_until");
    return new Steering(
        row.getString("pinned"),
        until == Lease.NO_TIME ? Long.MAX_VALUE : until,
        Set.copyOf(texts(row.getArray("drained"))));
  }

  private static List<Term> terms(ResultSet row) throws SQLException {
    List<Long> numbers = longs(row.getArray("terms"));
    List<String> leaders = texts(row.getArray("leaders"));
    List<Long> starts = longs(row.getArray("term_starts"));
    List<@Nullable Long> ends = nullables(row.getArray("term_ends"));
    List<Term> terms = new ArrayList<>();
    for (int i = 0; i < numbers.size(); i++) {
      Long end = ends.get(i);
      terms.add(
          new Term(numbers.get(i), leaders.get(i), starts.get(i), end == null ? Term.OPEN : end));
    }
    return terms;
  }

  private static List<Patch> patches(ResultSet row) throws SQLException {
    List<Long> ids = longs(row.getArray("patches"));
    List<String> replicas = texts(row.getArray("patchers"));
    List<Long> starts = longs(row.getArray("patch_starts"));
    List<Long> ends = longs(row.getArray("patch_ends"));
    List<Long> opens = longs(row.getArray("patch_opens"));
    List<Patch> patches = new ArrayList<>();
    for (int i = 0; i < ids.size(); i++) {
      patches.add(new Patch(ids.get(i), replicas.get(i), starts.get(i), ends.get(i), opens.get(i)));
    }
    return patches;
  }

  private static long time(ResultSet row, String column) throws SQLException {
    long value = row.getLong(column);
    return row.wasNull() ? Lease.NO_TIME : value;
  }

  private static List<Long> longs(@Nullable Array array) throws SQLException {
    List<Long> values = new ArrayList<>();
    for (Long value : nullables(array)) {
      values.add(value == null ? Lease.NO_TIME : value);
    }
    return values;
  }

  private static List<@Nullable Long> nullables(@Nullable Array array) throws SQLException {
    List<@Nullable Long> values = new ArrayList<>();
    if (array != null) {
      for (Long value : (Long[]) array.getArray()) {
        values.add(value);
      }
    }
    return values;
  }

  private static List<String> texts(@Nullable Array array) throws SQLException {
    return array == null ? List.of() : List.of((String[]) array.getArray());
  }
}
