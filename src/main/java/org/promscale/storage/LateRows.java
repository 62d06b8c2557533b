package org.promscale.storage;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.model.Samples;
import org.promscale.model.WriteBatch;

/**
 * Requests with items of a time whose partition has ended. Compressing that partition, or building
 * an index on it, keeps writers out for as long as it takes, minutes perhaps: who has a lease, or
 * other senders' samples in hand, must not wait there. Such requests are refused, and their senders
 * come again. Thread-safe.
 *
 * @see <a href="https://www.postgresql.org/docs/current/explicit-locking.html">Explicit locking</a>
 */
final class LateRows {

  /** What failures of this kind are counted as, also where the database was not made to wait. */
  static final String SQL_STATE = "55P03";

  private final Partitions partitions;

  LateRows(Partitions partitions) {
    this.partitions = partitions;
  }

  /** Tells whether the request has an item of a time whose partition has ended. Does no I/O. */
  boolean isLate(PendingBatch request) {
    long ended = partitions.endedBeforeMs();
    return anyTime(request.batch(), t -> t < ended);
  }

  /**
   * Returns those requests that would have to wait now for a partition that has ended. Asks the
   * database only where there are late ones; the connection is between transactions before and
   * after.
   */
  List<PendingBatch> shutOut(Connection connection, List<PendingBatch> group) throws SQLException {
    List<PendingBatch> late = group.stream().filter(this::isLate).toList();
    if (late.isEmpty()) {
      return late;
    }
    long ended = partitions.endedBeforeMs();
    TimeSpans locked = partitions.locked(connection);
    connection.commit();
    return late.stream()
        .filter(p -> anyTime(p.batch(), t -> t < ended && locked.contains(t)))
        .toList();
  }

  private static boolean anyTime(WriteBatch batch, LongPredicate wanted) {
    Samples samples = batch.samples();
    for (int i = 0; i < samples.size(); i++) {
      if (wanted.test(samples.timestampMs(i))) {
        return true;
      }
    }
    return batch.histograms().stream().anyMatch(h -> wanted.test(h.timestampMs()))
        || batch.exemplars().stream().anyMatch(e -> wanted.test(e.timestampMs()));
  }

  /**
   * Lets the transaction that begins with it wait a second for a lock; then it fails with 55P03.
   */
  static void waitBriefly(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET LOCAL lock_timeout = '1s'");
    }
  }

  /** Returns the group without these; both hold the same objects. */
  static List<PendingBatch> without(List<PendingBatch> group, List<PendingBatch> refused) {
    Set<PendingBatch> out = Collections.newSetFromMap(new IdentityHashMap<>());
    out.addAll(refused);
    return group.stream().filter(p -> !out.contains(p)).toList();
  }

  /** Makes the answer to a late request whose partition is locked. */
  static IngestFailure refusal(@Nullable SQLException cause) {
    return new IngestFailure(
        FailureKind.UNAVAILABLE,
        "cannot store late samples now: another session holds their partition, most likely to"
            + " compress it (SELECT * FROM prom_info.maintenance); data is kept by the sender",
        cause);
  }
}
