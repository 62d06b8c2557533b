package org.promscale.ha;

/**
 * A stretch of data time in which samples of one replica fill holes, and of nobody else.
 *
 * @param id number of the row
 * @param replica who fills
 * @param startMs the first instant after which it does
 * @param endMs the last instant
 * @param opensAtMs wall time from which on it does, by the database's clock: after a hand-over the
 *     old leader first delivers its rest itself
 */
public record Patch(long id, String replica, long startMs, long endMs, long opensAtMs) {

  /** Tells whether a data time lies in it. */
  public boolean holds(long timestampMs) {
    return timestampMs > startMs && timestampMs <= endMs;
  }

  /** Tells whether any data time of this stretch lies in it. */
  public boolean overlaps(long oldestMs, long newestMs) {
    return newestMs > startMs && oldestMs <= endMs;
  }

  /**
   * Tells whether it may be filled at this wall time. Nobody waits longer than the longest settle
   * time: if it seems so, the clock went back.
   */
  public boolean isOpen(long nowMs) {
    return opensAtMs <= nowMs || opensAtMs - nowMs > Settling.MOST_MS;
  }
}
