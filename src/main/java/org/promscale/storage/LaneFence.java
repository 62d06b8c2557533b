package org.promscale.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.promscale.ha.Lease;
import org.promscale.ha.LeaseClaim;
import org.promscale.ingest.LeaseChanged;

/**
 * The fence of high availability: the last statement of a storing transaction notes the progress of
 * each cluster in it on the row of this writer (its lane), on condition that the row still carries
 * the fence under which the batch was judged. A change of leader locks all these rows and replaces
 * their fences, so it comes either before this statement, and nothing is stored, or after the
 * commit, and reads the progress. Thread-safe; one lane is one thread at a time.
 */
final class LaneFence {

  private static final String PASS =
      """
      UPDATE _prom_catalog.ha_progress SET commits = commits + ?, committed_at = clock_timestamp(),
        last = greatest(last, nullif(_prom_catalog.data_time(?), '-infinity')), lag_ms = ?,
        frontier = greatest(frontier, nullif(least(_prom_catalog.data_time(?),
          clock_timestamp() + interval '5 s'), '-infinity'))
      WHERE cluster_id = ? AND lane = ? AND fence = ?::uuid
      """;

  // FOR SHARE makes this wait for a change of leader under way, and that wait for this.
  private static final String FENCE =
      "SELECT fence FROM _prom_catalog.ha_lease WHERE cluster_id = ? FOR SHARE";
  private static final String REGISTER =
      "INSERT INTO _prom_catalog.ha_progress (cluster_id, lane, fence) SELECT l.cluster_id, ?,"
          + " l.fence FROM _prom_catalog.ha_lease l WHERE l.cluster_id = ?"
          + " ON CONFLICT (cluster_id, lane) DO NOTHING";

  private final String connector;
  private final Map<Integer, Set<Long>> registered = new ConcurrentHashMap<>();

  /**
   * Makes the fence of one connector.
   *
   * @param connector a name that no other connector has, nor this one after a restart
   */
  LaneFence(String connector) {
    this.connector = connector;
  }

  /** Returns the name of a lane as it stands in the database. */
  private String name(int lane) {
    return connector + "-" + lane;
  }

  /** Returns what a group claims about each cluster, in ascending order. */
  static Map<Long, LeaseClaim> claims(List<PendingBatch> group) {
    Map<Long, LeaseClaim> claims = new TreeMap<>();
    for (PendingBatch pending : group) {
      for (LeaseClaim claim : pending.claims()) {
        claims.merge(claim.clusterId(), claim, LeaseClaim::and);
      }
    }
    return claims;
  }

  /**
   * Registers the lane for these clusters, each in a short transaction, once.
   *
   * @param connection without auto-commit and without an open transaction
   */
  void register(Connection connection, int lane, Set<Long> clusterIds) throws SQLException {
    Set<Long> known = registered.computeIfAbsent(lane, l -> ConcurrentHashMap.newKeySet());
    for (Long clusterId : clusterIds) {
      if (known.contains(clusterId)) {
        continue;
      }
      ShortTransaction.run(connection, 3, Set.of("40P01"), c -> register(c, lane, clusterId));
      known.add(clusterId);
    }
  }

  private int register(Connection connection, int lane, long clusterId) throws SQLException {
    HaSession.prepare(connection);
    try (PreparedStatement fence = connection.prepareStatement(FENCE);
        PreparedStatement register = connection.prepareStatement(REGISTER)) {
      fence.setLong(1, clusterId);
      try (ResultSet row = fence.executeQuery()) {
        if (!row.next()) {
          throw new LeaseChanged(Set.of(clusterId));
        }
      }
      register.setString(1, name(lane));
      register.setLong(2, clusterId);
      return register.executeUpdate();
    }
  }

  /**
   * Notes progress and checks the fences; COMMIT must be the next statement.
   *
   * @throws LeaseChanged if a fence is gone: roll back, read the lease, judge again
   */
  void pass(Connection connection, int lane, Map<Long, LeaseClaim> claims) throws SQLException {
    pass(connection, lane, claims, false);
  }

  /** Like {@link #pass}, but the commit counts as a sign of life even if it moves nothing. */
  void passAlive(Connection connection, int lane, Map<Long, LeaseClaim> claims)
      throws SQLException {
    pass(connection, lane, claims, true);
  }

  private void pass(Connection connection, int lane, Map<Long, LeaseClaim> claims, boolean alive)
      throws SQLException {
    if (claims.isEmpty()) {
      return;
    }
    int[] rows;
    try (PreparedStatement pass = connection.prepareStatement(PASS)) {
      for (LeaseClaim claim : claims.values()) {
        // Exemplars alone are no sign of life: their times are the application's.
        pass.setLong(1, alive || claim.newestMs() != Lease.NO_TIME ? 1 : 0);
        pass.setLong(2, claim.newestMs());
        pass.setLong(3, claim.lagMs());
        pass.setLong(4, claim.newestMs());
        pass.setLong(5, claim.clusterId());
        pass.setString(6, name(lane));
        pass.setString(7, claim.fence().toString());
        pass.addBatch();
      }
      rows = pass.executeBatch();
    }
    Set<Long> lost = new HashSet<>();
    int i = 0;
    for (Long clusterId : claims.keySet()) {
      if (rows[i++] != 1) {
        lost.add(clusterId);
      }
    }
    if (!lost.isEmpty()) {
      // The row itself may be gone: it is folded after ten idle minutes.
      registered.getOrDefault(lane, Set.of()).removeAll(lost);
      throw new LeaseChanged(lost);
    }
  }
}
