package org.promscale.storage;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.model.Exemplar;
import org.promscale.model.HistogramSample;
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
    WriteBatch batch = request.batch();
    Samples samples = batch.samples();
    for (int i = 0; i < samples.size(); i++) {
      if (samples.timestampMs(i) < ended) {
        return true;
      }
    }
    return batch.histograms().stream().anyMatch(h -> h.timestampMs() < ended)
        || batch.exemplars().stream().anyMatch(e -> e.timestampMs() < ended);
  }

  /**
   * Returns those requests that would have to wait now for a partition that has ended. Asks the
   * database only where there are late ones; the connection is between transactions before and
   * after.
   *
   * @throws SQLException with state 55P03 if that cannot be told within a second
   */
  List<PendingBatch> shutOut(Connection connection, List<PendingBatch> group) throws SQLException {
    List<PendingBatch> late = group.stream().filter(this::isLate).toList();
    if (late.isEmpty()) {
      return late;
    }
    waitBriefly(connection);
    TimeSpans locked = partitions.locked(connection);
    connection.commit();
    return late.stream()
        .filter(p -> touches(p.batch(), locked, partitions.endedBeforeMs()))
        .toList();
  }

  private static boolean touches(WriteBatch batch, TimeSpans locked, long ended) {
    Samples samples = batch.samples();
    for (int i = 0; i < samples.size(); i++) {
      if (samples.timestampMs(i) < ended && locked.contains(samples.timestampMs(i))) {
        return true;
      }
    }
    for (HistogramSample histogram : batch.histograms()) {
      if (histogram.timestampMs() < ended && locked.contains(histogram.timestampMs())) {
        return true;
      }
    }
    for (Exemplar exemplar : batch.exemplars()) {
      if (exemplar.timestampMs() < ended && locked.contains(exemplar.timestampMs())) {
        return true;
      }
    }
    return false;
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
