package org.promscale.ingest;

import java.time.Instant;
import java.time.InstantSource;
import org.promscale.model.Exemplar;
import org.promscale.model.HistogramSample;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;

/**
 * Takes out of a batch what can never be stored because of its time. Everything else about an item
 * was checked when it was decoded. Thread-safe.
 */
public final class BatchValidator {

  /** The first instant of PostgreSQL's timestamps, 4714-11-24 BC, in milliseconds since 1970. */
  public static final long EARLIEST_MS = -210_866_803_200_000L;

  /** New time partitions that one request may open. */
  public static final int MAX_NEW_PARTITIONS = 8;

  private final InstantSource clock;
  private final DatabaseClock databaseClock;
  private final TimePartitions partitions;
  private final long toleranceMs;

  /**
   * Makes a validator.
   *
   * @param toleranceMs how far ahead of the clocks a sample may be, in milliseconds
   */
  public BatchValidator(
      InstantSource clock,
      DatabaseClock databaseClock,
      TimePartitions partitions,
      long toleranceMs) {
    this.clock = clock;
    this.databaseClock = databaseClock;
    this.partitions = partitions;
    this.toleranceMs = toleranceMs;
  }

  /**
   * Removes unusable items from the batch and counts them.
   *
   * @throws IngestFailure UNAVAILABLE if an item is in the future by only one of our clock and the
   *     database's: then one of ours is wrong, and the sender must keep its data
   */
  public void validate(WriteBatch batch, Rejections rejections) {
    long retentionMs = partitions.retentionMs();
    validate(batch, new Check(batch.series(), rejections, Long.MIN_VALUE, retentionMs));
  }

  /**
   * Removes from a batch that was held what was refused when it came. What was accepted then is
   * accepted, whatever our clocks show now: nobody else has it any more.
   *
   * <p>The retention is not asked: what is too old by now goes with its partition.
   *
   * @param arrivedMs wall time when it came
   * @throws IngestFailure UNAVAILABLE as above, for what lies further ahead of that time than the
   *     tolerance
   */
  void validateHeld(WriteBatch batch, long arrivedMs) {
    validate(
        batch,
        new Check(batch.series(), new Rejections(), arrivedMs + toleranceMs, Long.MAX_VALUE));
  }

  private static void validate(WriteBatch batch, Check check) {
    batch
        .samples()
        .retain(i -> check.accepts(batch.samples().series(i), batch.samples().timestampMs(i)));
    batch
        .histograms()
        .removeIf((HistogramSample h) -> !check.accepts(h.seriesRow(), h.timestampMs()));
    batch.exemplars().removeIf((Exemplar e) -> !check.accepts(e.seriesRow(), e.timestampMs()));
  }

  private final class Check {
    private final SeriesTable series;
    private final Rejections rejections;
    private final long latestMs;
    private final long suspectMs;
    private final long oldestMs;
    private final long[] newSlots = new long[MAX_NEW_PARTITIONS];
    private int newSlotCount;

    /**
     * Makes a check.
     *
     * @param acceptedMs up to here nobody asks the clocks whether it is in the future
     * @param retentionMs what is older is refused
     */
    Check(SeriesTable series, Rejections rejections, long acceptedMs, long retentionMs) {
      this.series = series;
      this.rejections = rejections;
      long byOurClock = clock.millis() + toleranceMs;
      long byDatabase = byOurClock + databaseClock.aheadMs();
      this.latestMs = Math.max(byOurClock, byDatabase);
      this.suspectMs = Math.max(acceptedMs, Math.min(byOurClock, byDatabase));
      // By both clocks: one that runs ahead must not make anybody drop data. Maintenance reckons
      // alike.
      this.oldestMs =
          retentionMs == Long.MAX_VALUE
              ? EARLIEST_MS
              : Math.min(byOurClock, byDatabase) - toleranceMs - retentionMs;
    }

    boolean accepts(int seriesRow, long timestampMs) {
      if (timestampMs > suspectMs) {
        if (timestampMs <= latestMs) {
          throw new IngestFailure(
              FailureKind.UNAVAILABLE,
              "cannot judge a timestamp in the future: the connector's clock and the database's"
                  + " differ by "
                  + Math.abs(databaseClock.aheadMs())
                  + " ms; synchronise both");
        }
        return reject(RejectReason.TIMESTAMP_IN_FUTURE, seriesRow, timestampMs);
      }
      if (timestampMs < EARLIEST_MS) {
        return reject(RejectReason.TIMESTAMP_OUT_OF_RANGE, seriesRow, timestampMs);
      }
      if (timestampMs < oldestMs) {
        return reject(RejectReason.OLDER_THAN_RETENTION, seriesRow, timestampMs);
      }
      if (!partitions.isKnown(timestampMs) && !opens(partitions.slotOf(timestampMs))) {
        return reject(RejectReason.TOO_MANY_PARTITIONS, seriesRow, timestampMs);
      }
      return true;
    }

    private boolean opens(long slot) {
      for (int i = 0; i < newSlotCount; i++) {
        if (newSlots[i] == slot) {
          return true;
        }
      }
      if (newSlotCount == newSlots.length) {
        return false;
      }
      newSlots[newSlotCount++] = slot;
      return true;
    }

    private boolean reject(RejectReason reason, int row, long timestampMs) {
      rejections.add(reason, 1, () -> describe(row, timestampMs));
      rejections.addOf(series.identity(row));
      return false;
    }

    private String describe(int row, long timestampMs) {
      Object labels = series.labels(row);
      String name = labels == null ? "series " + series.id(row) : labels.toString();
      return Instant.ofEpochMilli(timestampMs) + " of " + name;
    }
  }
}
