package org.promscale.ha;

/**
 * One uninterrupted leadership: the samples with startMs &lt; time &lt;= endMs are its leader's.
 *
 * @param number from 1
 * @param leader the replica
 * @param startMs {@link Lease#NO_TIME} for a term without beginning
 * @param endMs {@link #OPEN} for the current one
 */
public record Term(long number, String leader, long startMs, long endMs) {

  /** The end of a term that lasts. */
  public static final long OPEN = Long.MAX_VALUE;

  /** Tells whether a data time belongs to this term. */
  public boolean holds(long timestampMs) {
    return timestampMs > startMs && timestampMs <= endMs;
  }
}
