package org.promscale.ha;

import org.jspecify.annotations.Nullable;

/**
 * How one replica stands in its cluster at the time of one request, and therefore what becomes of
 * its samples. Every sample of the request is judged from the same snapshot. Immutable.
 */
public final class Standing {

  private final ClusterState state;
  private final String replica;
  private final boolean leads;
  private final boolean fresh;
  private final long arrivedMs;

  /**
   * Takes the snapshot.
   *
   * @param fresh whether the snapshot is at most three seconds old: an older one may not know who
   *     leads now, and then nothing of a standby may be taken
   * @param arrivedMs wall time of the request, by the clock of the database or our own, whichever
   *     is ahead: by one that was set back, what is held would be due before the leader has passed
   *     it, and go without having been compared in full
   */
  public Standing(ClusterState state, String replica, boolean fresh, long arrivedMs) {
    this.state = state;
    this.replica = replica;
    this.leads = state.lease().leader().equals(replica);
    this.fresh = fresh;
    this.arrivedMs = arrivedMs;
  }

  /** Returns what the verdicts are based on. */
  public ClusterState state() {
    return state;
  }

  /** Returns the replica's name. */
  public String replica() {
    return replica;
  }

  /** Returns wall time of the request, in milliseconds since 1970. */
  public long arrivedMs() {
    return arrivedMs;
  }

  /** Tells whether the replica leads. */
  public boolean leads() {
    return leads;
  }

  /** Returns the verdict on a sample of this time, in milliseconds since 1970. */
  public Verdict verdict(long timestampMs) {
    if (timestampMs > state.lease().sealMs()) {
      return leads ? Verdict.STORE : held();
    }
    boolean own = isOwnTerm(timestampMs);
    boolean patched = false;
    for (Patch patch : state.openPatches()) {
      if (patch.holds(timestampMs) && patch.isOpen(state.nowMs())) {
        if (!patch.replica().equals(replica)) {
          // One replica fills a hole, the others wait until it is done.
          return own ? Verdict.PUSH_BACK : held();
        }
        patched = true;
      }
    }
    if (own) {
      return Verdict.FILL;
    }
    return patched ? Verdict.PATCH : held();
  }

  /**
   * Returns the verdict that all samples of this stretch of time share, or null if they may differ.
   */
  @Nullable Verdict sharedVerdict(long oldestMs, long newestMs) {
    if (oldestMs <= state.lease().sealMs()) {
      return null;
    }
    Verdict verdict = verdict(oldestMs);
    return verdict == verdict(newestMs) ? verdict : null;
  }

  /** Whoever does not know who leads now must not take responsibility for a standby's data. */
  private Verdict held() {
    return fresh ? Verdict.HOLD : Verdict.PUSH_BACK;
  }

  private boolean isOwnTerm(long timestampMs) {
    for (Term term : state.terms()) {
      if (term.holds(timestampMs)) {
        return term.leader().equals(replica);
      }
    }
    return false;
  }
}
