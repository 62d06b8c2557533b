package org.promscale.storage;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
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
   * Asks the database which requests would have to wait now for a partition that has ended; the
   * connection is between transactions before and after.
   */
  Predicate<PendingBatch> shutOut(Connection connection) throws SQLException {
    long ended = partitions.endedBeforeMs();
    TimeSpans locked = partitions.locked(connection);
    connection.commit();
    return request -> anyTime(request.batch(), t -> t < ended && locked.contains(t));
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

  /** Makes the answer to a late request whose partition is locked. */
  static IngestFailure refusal(@Nullable SQLException cause) {
    return new IngestFailure(
        FailureKind.UNAVAILABLE,
        "cannot store late samples now: another session holds their partition, most likely to"
            + " compress it (SELECT * FROM prom_info.maintenance); data is kept by the sender",
        cause);
  }
}
