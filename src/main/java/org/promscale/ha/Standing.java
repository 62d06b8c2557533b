package org.promscale.ha;

/**
 * How one replica stands in its cluster at the time of one request, and therefore what becomes of
 * its samples. Every sample of the request is judged from the same snapshot. Immutable.
 */
public final class Standing {

  private final ClusterState state;
  private final String replica;
  private final boolean leads;
  private final long coveredBeforeMs;

  /**
   * Takes the snapshot.
   *
   * @param fresh whether the snapshot is at most three seconds old: an older one may not know who
   *     leads now, and then nothing of a standby may be called covered
   */
  public Standing(ClusterState state, String replica, boolean fresh) {
    this.state = state;
    this.replica = replica;
    this.leads = state.lease().leader().equals(replica);
    long frontierMs = state.progress().frontierMs();
    this.coveredBeforeMs =
        fresh && frontierMs != Lease.NO_TIME ? frontierMs - state.settleMs() : Lease.NO_TIME;
  }

  /** Returns what the verdicts are based on. */
  public ClusterState state() {
    return state;
  }

  /** Returns the replica's name. */
  public String replica() {
    return replica;
  }

  /** Tells whether the replica leads. */
  public boolean leads() {
    return leads;
  }

  /** Returns the verdict on a sample of this time, in milliseconds since 1970. */
  public Verdict verdict(long timestampMs) {
    if (timestampMs > state.lease().sealMs()) {
      return leads ? Verdict.STORE : coveredOrHeld(timestampMs);
    }
    boolean patched = false;
    for (Patch patch : state.openPatches()) {
      if (patch.holds(timestampMs)) {
        if (!patch.replica().equals(replica)) {
          return Verdict.HOLD; // one replica fills a hole, the others wait until it is done
        }
        patched = true;
      }
    }
    if (isOwnTerm(timestampMs)) {
      return Verdict.FILL;
    }
    return patched ? Verdict.PATCH : coveredOrHeld(timestampMs);
  }

  /**
   * Returns the verdict that all samples of this stretch of time share, or null if they may differ.
   */
  @org.jspecify.annotations.Nullable
  Verdict sharedVerdict(long oldestMs, long newestMs) {
    if (oldestMs <= state.lease().sealMs()) {
      return null;
    }
    Verdict verdict = verdict(oldestMs);
    return verdict == verdict(newestMs) ? verdict : null;
  }

  private Verdict coveredOrHeld(long timestampMs) {
    return timestampMs < coveredBeforeMs ? Verdict.COVERED : Verdict.HOLD;
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
