package org.promscale.ingest;

import java.time.InstantSource;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The database server's clock as it was read last. Since then it has gone on with a clock that
 * never jumps, so a jump of our own wall clock is seen at once and not only at the next reading:
 * else a sample would be in the future of both clocks while only ours is wrong. Thread-safe.
 */
public final class DatabaseTime implements DatabaseClock {

  private static final long NANOS_PER_MS = 1_000_000;

  private record Reading(long databaseMs, long atNanos) {}

  private final InstantSource clock;
  private final LongSupplier nanoClock;
  private volatile @Nullable Reading reading;

  /**
   * Makes a clock that was not read yet.
   *
   * @param clock our wall clock
   * @param nanoClock a clock that never jumps, in nanoseconds
   */
  public DatabaseTime(InstantSource clock, LongSupplier nanoClock) {
    this.clock = clock;
    this.nanoClock = nanoClock;
  }

  /**
   * Takes over a reading.
   *
   * @param databaseMs what the database's clock showed
   * @param atNanos when, by the clock that never jumps
   */
  public void read(long databaseMs, long atNanos) {
    reading = new Reading(databaseMs, atNanos);
  }

  @Override
  public long aheadMs() {
    Reading last = reading;
    if (last == null) {
      return 0;
    }
    long sinceMs = (nanoClock.getAsLong() - last.atNanos()) / NANOS_PER_MS;
    return last.databaseMs() + sinceMs - clock.millis();
  }
}
