package org.promscale.ha;

import org.jspecify.annotations.Nullable;

/**
 * A leader's silence, observed and not computed: each look adds the wall time since the look before
 * it, but at most two seconds. So an outage or a freeze of ours is never taken for the leader's
 * silence, a clock that jumps adds next to nothing, and connectors that restart in a loop still add
 * up, because looks are recorded where all see them.
 *
 * @param counter the leader's commits when it was looked at
 * @param millis how long that number has been watched standing still
 * @param lookedAtMs wall time of the look, by the database's clock; {@link Lease#NO_TIME} if nobody
 *     has looked
 */
public record Silence(long counter, long millis, long lookedAtMs) {

  /** What one look can add at the most. */
  public static final long LONGEST_LOOK_MS = 2_000;

  /** Nobody has looked yet. */
  public static final Silence UNKNOWN = new Silence(0, 0, Lease.NO_TIME);

  /**
   * Looks once more.
   *
   * @param mine what this connector saw at its last look, under the same fence
   * @param recorded what is on the lease row
   * @param commits the leader's commits now
   * @param nowMs wall time now, by the database's clock
   */
  public static Silence look(@Nullable Silence mine, Silence recorded, long commits, long nowMs) {
    long own = mine == null ? 0 : mine.grown(commits, nowMs);
    return new Silence(commits, Math.max(own, recorded.grown(commits, nowMs)), nowMs);
  }

  private long grown(long commits, long nowMs) {
    if (lookedAtMs == Lease.NO_TIME || counter != commits) {
      return 0;
    }
    return millis + Math.max(0, Math.min(LONGEST_LOOK_MS, nowMs - lookedAtMs));
  }
}
