package org.promscale.ha;

/**
 * Patches of the current term that follow on each other: the leader leaves holes all the time.
 *
 * @param sinceMs wall time when the first of them was opened; {@link Lease#NO_TIME} if none was
 * @param lastMs wall time when the last of them was opened; {@link Lease#NO_TIME} if none was
 */
public record PatchRun(long sinceMs, long lastMs) {

  /** No patch was opened in this term. */
  public static final PatchRun NONE = new PatchRun(Lease.NO_TIME, Lease.NO_TIME);

  /** Timeouts for which a leader may leave holes on end. */
  private static final int PATIENCE = 4;

  /**
   * Patches of holes that do not end are opened up to this far apart: one stays open for 10 s after
   * its last fill, then the other connectors have a turn, and what they hold is compared first.
   */
  private static final long APART_MS = 30_000;

  /**
   * Returns the longest time between the openings of two patches of one run.
   *
   * @param timeoutMs the cluster's timeout: what a leader may be silent for, it may deliver well
   *     for
   */
  public static long gapMs(long timeoutMs) {
    return timeoutMs + APART_MS;
  }

  /**
   * Tells whether the leader is lagging: it has left holes for four timeouts on end, and does.
   *
   * @param timeoutMs the cluster's timeout
   * @param nowMs wall time now, by the database's clock
   */
  public boolean isLagging(long timeoutMs, long nowMs) {
    return lastMs != Lease.NO_TIME
        && nowMs - lastMs < gapMs(timeoutMs)
        && lastMs - sinceMs >= PATIENCE * timeoutMs;
  }
}
