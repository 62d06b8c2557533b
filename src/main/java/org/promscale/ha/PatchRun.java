package org.promscale.ha;

/**
 * Patches of fresh holes that follow on each other in the current term: the leader leaves holes all
 * the time.
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

  /** Servers send what they have scraped at least this often. */
  private static final long FLUSH_MS = 5_000;

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
   * Tells whether a patch says something of the leader as it is now: its newest hole is within a
   * timeout and a flush of what has just settled. Holes from before are filled late, after an
   * outage of the database, or when their only holder comes back; they are no sign that it still
   * leaves some.
   *
   * @param holeMs the patch's newest hole
   * @param settledMs the data time that the frontier has passed by a settle time
   * @param timeoutMs the cluster's timeout
   */
  public static boolean tells(long holeMs, long settledMs, long timeoutMs) {
    return holeMs >= settledMs - timeoutMs - FLUSH_MS;
  }

  /**
   * Returns by how much the holes have moved on in data time since the last patch, in milliseconds.
   * A run grows by no more than that: one stretch that is filled bit by bit, as its holders come to
   * it, is no row of new holes.
   *
   * @param holeMs the patch's newest hole
   * @param sealMs up to where history was closed before it; {@link Lease#NO_TIME} if nowhere
   */
  public static long movedMs(long holeMs, long sealMs) {
    return sealMs == Lease.NO_TIME ? Long.MAX_VALUE : Math.max(0, holeMs - sealMs);
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
