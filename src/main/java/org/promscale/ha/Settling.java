package org.promscale.ha;

/** How far the frontier must have passed a standby's sample before it may go. */
public final class Settling {

  /** At least; a database that loses its last commits is filled from this much. */
  public static final long LEAST_MS = 20_000;

  /** At most. */
  public static final long MOST_MS = 120_000;

  private Settling() {}

  /**
   * Returns the settle time in milliseconds: shards of a leader progress unevenly, so it is twice
   * the worst lag behind the frontier.
   *
   * @param worstLagMs in the leader's commits of the last five minutes
   */
  public static long timeMs(long worstLagMs) {
    return Math.max(LEAST_MS, Math.min(MOST_MS, 2 * worstLagMs));
  }
}
