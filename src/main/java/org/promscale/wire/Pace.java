package org.promscale.wire;

import java.util.concurrent.TimeUnit;

/** How fast a body has to come. Pure functions. */
final class Pace {

  /** After this time a body must have come at the least rate. */
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final long LEAST_BYTES_A_SECOND = 10_000;

  /** Prometheus itself waits no longer for the answer. */
  private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(30);

  /** A body that is younger may only have begun: its rate says nothing yet. */
  private static final long YOUNG_NANOS = TimeUnit.SECONDS.toNanos(1);

  private Pace() {}

  /** Tells whether so few bytes in this time, in nanoseconds, are too slow to go on. */
  static boolean isTooSlow(long bytes, long nanos) {
    return nanos > LONGEST_NANOS || (nanos > GRACE_NANOS && isBelowLeastRate(bytes, nanos));
  }

  /** Tells whether a body has to give way to others where there is no room for all. */
  static boolean givesWay(long bytes, long nanos) {
    return nanos > YOUNG_NANOS && isBelowLeastRate(bytes, nanos);
  }

  private static boolean isBelowLeastRate(long bytes, long nanos) {
    return bytes < LEAST_BYTES_A_SECOND * TimeUnit.NANOSECONDS.toSeconds(nanos);
  }
}
