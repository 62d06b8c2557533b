package org.promscale.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.Lease;
import org.promscale.ha.Silence;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.ingest.LeaseStore.LookNote;
import org.promscale.ingest.LeaseStore.ReplicaNote;

/** Short statements about leases that lock no more than the row they write. Thread-safe. */
final class LeaseSql {

  /** Nobody waits longer for a lease. */
  static final int TIMEOUT_SECONDS = 2;

  private static final String SEE =
      """
      INSERT INTO _prom_catalog.ha_sighting AS s (cluster_id, replica, last_seen, newest)
      VALUES (?, ?, _prom_catalog.data_time(?), nullif(_prom_catalog.data_time(?), '-infinity'))
      ON CONFLICT (cluster_id, replica) DO UPDATE
      SET last_seen = greatest(s.last_seen, excluded.last_seen),
        newest = greatest(s.newest, excluded.newest)
      """;

  // The row's own clock adds up what several connectors see: each only what nobody has counted.
  private static final String SILENCE =
      """
      UPDATE _prom_catalog.ha_lease SET
        silence_ms = greatest(?, CASE WHEN counter_seen = ? AND looked_at IS NOT NULL
          THEN silence_ms + least(2000, greatest(0,
            (extract(epoch FROM clock_timestamp() - looked_at) * 1000)::bigint)) ELSE 0 END),
        counter_seen = ?, looked_at = clock_timestamp(), timeout_ms = ?
      WHERE cluster_id = ? AND fence = ?::uuid
      """;

  // Every connector sees every burst; the first one writes it down.
  private static final String GAP =
      """
      UPDATE _prom_catalog.ha_lease SET
        gaps_ms = (array_append(gaps_ms, ?::bigint))[greatest(1, cardinality(gaps_ms) - 14):],
        burst_at = _prom_catalog.data_time(?), timeout_ms = ?
      WHERE cluster_id = ? AND fence = ?::uuid
        AND (burst_at IS NULL OR burst_at < _prom_catalog.data_time(?) - interval '3 s')
      """;

  private static final String FORGET =
      "DELETE FROM _prom_catalog.ha_sighting s WHERE cluster_id = ? AND last_seen <"
          + " clock_timestamp() - interval '1 day' AND NOT drained AND NOT EXISTS (SELECT FROM"
          + " _prom_catalog.ha_lease l WHERE l.cluster_id = s.cluster_id AND l.leader = s.replica)";

  private LeaseSql() {}

  static void note(DataSource dataSource, List<ReplicaNote> replicas, List<LookNote> looks) {
    // In one order on all connectors, or two of them would wait for each other.
    List<ReplicaNote> sorted = new ArrayList<>(replicas);
    sorted.sort(
        Comparator.comparingLong(ReplicaNote::clusterId).thenComparing(ReplicaNote::replica));
    call(
        dataSource,
        connection -> {
          see(connection, sorted);
          for (LookNote look : looks) {
            if (!look.silence().equals(Silence.UNKNOWN)) {
              silence(connection, look);
            }
            if (look.gapMs() > 0) {
              gap(connection, look);
            }
          }
          return sorted.size() + looks.size();
        });
  }

  private static void see(Connection connection, List<ReplicaNote> notes) throws SQLException {
    if (notes.isEmpty()) {
      return;
    }
    try (PreparedStatement see = connection.prepareStatement(SEE)) {
      for (ReplicaNote note : notes) {
        see.setLong(1, note.clusterId());
        see.setString(2, note.replica());
        see.setLong(3, note.lastSeenMs());
        see.setLong(4, note.newestMs());
        see.addBatch();
      }
      see.executeBatch();
    }
  }

  private static void silence(Connection connection, LookNote look) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(SILENCE)) {
      update.setLong(1, look.silence().millis());
      update.setLong(2, look.silence().counter());
      update.setLong(3, look.silence().counter());
      update.setLong(4, look.timeoutMs());
      update.setLong(5, look.clusterId());
      update.setString(6, look.fence().toString());
      update.executeUpdate();
    }
  }

  private static void gap(Connection connection, LookNote look) throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(GAP)) {
      update.setLong(1, look.gapMs());
      update.setLong(2, look.burstMs());
      update.setLong(3, look.timeoutMs());
      update.setLong(4, look.clusterId());
      update.setString(5, look.fence().toString());
      update.setLong(6, look.burstMs());
      update.executeUpdate();
    }
  }

  /** Forgets replicas that were not seen for a day, unless they lead. */
  static int forgetReplicas(DataSource dataSource, long clusterId) {
    return call(
        dataSource,
        connection -> {
          try (PreparedStatement forget = connection.prepareStatement(FORGET)) {
            forget.setLong(1, clusterId);
            return forget.executeUpdate();
          }
        });
  }

  /** A piece of work on a connection that commits each statement. */
  @FunctionalInterface
  interface Work<T> {
    T run(Connection connection) throws SQLException;
  }

  static <T> T call(DataSource dataSource, Work<T> work) {
    try (Connection connection = dataSource.getConnection()) {
      return work.run(connection);
    } catch (SQLException e) {
      throw unavailable(e);
    }
  }

  static IngestFailure unavailable(Exception e) {
    return new IngestFailure(
        FailureKind.UNAVAILABLE,
        "cannot ask who leads the cluster: the database is not available",
        e);
  }

  /** Returns a data time for a parameter, null for minus infinity. */
  static @Nullable Instant instant(long dataMs) {
    return dataMs == Lease.NO_TIME ? null : Instant.ofEpochMilli(dataMs);
  }
}
