package org.promscale.ha;

import org.jspecify.annotations.Nullable;

/**
 * Watches whether a pinned replica that lost leadership by its silence delivers again: seen within
 * the timeout and no further behind than a settle time, at every look for a settle time. Who has
 * not looked for long begins anew: it cannot tell what was between.
 *
 * <p>One of these watches one cluster through the looks of one connector. One thread.
 */
public final class PinnedReturn {

  /** Looks further apart than this have missed something. */
  static final long BLIND_MS = 5_000;

  private @Nullable String watched;
  private long sinceMs;
  private long lookedAtMs;

  /**
   * Looks once more.
   *
   * @param state of the cluster, with all its replicas
   * @param timeoutMs the cluster's timeout
   * @return the replica, if it is time for it to lead again; else null
   */
  public @Nullable String look(ClusterState state, long timeoutMs) {
    long nowMs = state.nowMs();
    String pinned = state.steering().pinnedAt(nowMs);
    if (pinned == null || !delivers(state, pinned, timeoutMs)) {
      watched = null;
      return null;
    }
    boolean blind = nowMs < lookedAtMs || nowMs - lookedAtMs > BLIND_MS;
    if (!pinned.equals(watched) || blind) {
      watched = pinned;
      sinceMs = nowMs;
    }
    lookedAtMs = nowMs;
    return nowMs - sinceMs >= state.settleMs() ? pinned : null;
  }

  private static boolean delivers(ClusterState state, String replica, long timeoutMs) {
    return !state.lease().leader().equals(replica)
        && !state.steering().drained().contains(replica)
        && state.sightings().stream()
            .filter(s -> s.replica().equals(replica))
            .anyMatch(
                s ->
                    SteeringRules.isSeen(state, s, timeoutMs)
                        && SteeringRules.isUpToDate(state, s));
  }
}
