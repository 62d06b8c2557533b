package org.promscale.ha;

import java.util.OptionalLong;

/**
 * After how much silence a leader is replaced.
 *
 * @param fixedTimeoutMs the timeout of every cluster; 0: it fits itself to each sender
 */
public record LeasePolicy(long fixedTimeoutMs) {

  /** The timeout fits itself to each sender. */
  public static final LeasePolicy AUTO = new LeasePolicy(0);

  /** While a sender's cadence is not known. */
  public static final long UNKNOWN_CADENCE_MS = 120_000;

  private static final long LEAST_MS = 15_000;
  private static final int MOST_DOUBLINGS = 3;
  private static final int OVERLOADED_TIMES = 4;

  /**
   * Returns the timeout in milliseconds. Each automatic change of leader in the last hour doubles
   * it, three times at the most: replicas that are silent in turn must not take turns leading.
   *
   * @param recentChanges automatic changes of the cluster's leader in the last hour
   */
  public long timeoutMs(Lease lease, int recentChanges) {
    long base =
        lease.overrideMs() > 0
            ? lease.overrideMs()
            : fixedTimeoutMs > 0 ? fixedTimeoutMs : automaticMs(Cadence.of(lease.gapsMs()));
    return base << Math.min(recentChanges, MOST_DOUBLINGS);
  }

  private static long automaticMs(OptionalLong cadence) {
    if (cadence.isEmpty()) {
      return UNKNOWN_CADENCE_MS;
    }
    long slow = cadence.getAsLong();
    return Math.min(Math.max(3 * slow, LEAST_MS), Math.max(120_000, 2 * slow + 10_000));
  }

  /**
   * Tells whether a leader is silent.
   *
   * @param timeoutMs as {@link #timeoutMs} says
   * @param leaderSeenMs wall time of the last request that arrived from it, stored or not
   * @param nowMs wall time now: a leader whose requests arrive but do not commit suffers from us,
   *     so it has four timeouts
   */
  public static boolean isSilent(Silence silence, long timeoutMs, long leaderSeenMs, long nowMs) {
    boolean arriving = leaderSeenMs != Lease.NO_TIME && nowMs - leaderSeenMs < timeoutMs;
    return silence.millis() >= (arriving ? OVERLOADED_TIMES * timeoutMs : timeoutMs);
  }
}
