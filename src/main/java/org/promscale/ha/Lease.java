package org.promscale.ha;

import java.util.List;
import java.util.UUID;

/**
 * Who leads a cluster now, as one snapshot of the lease row. All data times are milliseconds since
 * 1970; {@link #NO_TIME} stands for minus infinity.
 *
 * @param term number of the current term, from 1
 * @param leader the replica that leads it
 * @param startMs boundary with the term before: this term's samples are later than it
 * @param sealMs data time up to which history is closed: such samples only fill holes
 * @param fence random token, new whenever leader, start or seal change
 * @param silence what all connectors together have seen of the leader's silence
 * @param gapsMs the last gaps between bursts of the leader's commits, oldest first
 * @param overrideMs timeout of this cluster alone; 0 where it has none
 */
public record Lease(
    long term,
    String leader,
    long startMs,
    long sealMs,
    UUID fence,
    Silence silence,
    List<Long> gapsMs,
    long overrideMs) {

  /** A data time before all others. */
  public static final long NO_TIME = Long.MIN_VALUE;

  /**
   * Tells whether this is the same term as an earlier lease, where nothing but patches may have
   * come in between. A database that was put back to an older state is none that goes on.
   */
  boolean continues(Lease earlier) {
    return term == earlier.term
        && leader.equals(earlier.leader)
        && startMs == earlier.startMs
        && sealMs >= earlier.sealMs;
  }
}
