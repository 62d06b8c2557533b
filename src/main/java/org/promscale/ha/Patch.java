package org.promscale.ha;

/**
 * A stretch of data time in which samples of one replica fill holes, and of nobody else.
 *
 * @param id number of the row
 * @param replica who fills
 * @param startMs the first instant after which it does
 * @param endMs the last instant
 */
public record Patch(long id, String replica, long startMs, long endMs) {

  /** Tells whether a data time lies in it. */
  public boolean holds(long timestampMs) {
    return timestampMs > startMs && timestampMs <= endMs;
  }
}
