package org.promscale.ha;

import java.util.Comparator;
import java.util.Optional;

/**
 * A change of leader. The decision is made twice from the same rules: once on what a connector
 * sees, and again in the transaction, on rows that nobody else can change.
 *
 * @param winner the replica that leads next
 * @param boundaryMs end of the old term, start of the new one: the old leader's frontier
 * @param sealMs from here on the new leader stores freely
 * @param patchStartMs where the new leader begins to fill what the old one left open, up to the
 *     boundary; from there on to the seal it fills its own term
 * @param patchWaitMs how long it waits with that: an old leader that lives delivers its rest itself
 */
public record Takeover(
    String winner, long boundaryMs, long sealMs, long patchStartMs, long patchWaitMs) {

  /** Newest data time counts at most this much ahead of wall time. */
  private static final long CLAMP_MS = 5_000;

  /**
   * Returns the replica that would take over, were the leader silent: seen within the timeout,
   * holding back data that the leader's frontier does not cover; one that is not drained if there
   * is one; the one with the furthest data, then the first by name.
   *
   * @param timeoutMs the cluster's timeout
   */
  public static Optional<String> candidate(ClusterState state, long timeoutMs) {
    long frontierMs = state.progress().frontierMs();
    long coveredMs = frontierMs == Lease.NO_TIME ? frontierMs : frontierMs - state.settleMs();
    return state.sightings().stream()
        .filter(s -> !s.replica().equals(state.lease().leader()))
        .filter(s -> state.nowMs() - s.lastSeenMs() < timeoutMs)
        .filter(s -> s.newestMs() >= coveredMs) // what is exactly as old is not covered but held
        .max(
            Comparator.comparing((Sighting s) -> !isDrained(state, s.replica()))
                .thenComparing(furthest(state)))
        .map(Sighting::replica);
  }

  /** Orders replicas by their data, the furthest last, of equals the first by name. */
  static Comparator<Sighting> furthest(ClusterState state) {
    return Comparator.comparingLong(
            (Sighting s) -> Math.min(s.newestMs(), state.nowMs() + CLAMP_MS))
        .thenComparing(Sighting::replica, Comparator.reverseOrder());
  }

  /**
   * Returns the change that nobody asked for. A leader that is silent gives way to whoever can take
   * over. One that is only lagging does not if it is pinned, nor to a replica that is drained: it
   * lives itself.
   *
   * @param silent whether the leader is silent
   * @param timeoutMs the cluster's timeout
   */
  public static Optional<LeaderChange> automatic(
      ClusterState state, boolean silent, long timeoutMs) {
    Optional<String> winner = candidate(state, timeoutMs);
    if (silent) {
      return winner.map(LeaderChange::silent);
    }
    boolean pinned = state.lease().leader().equals(state.steering().pinnedAt(state.nowMs()));
    return pinned || !state.patchRun().isLagging(timeoutMs, state.nowMs())
        ? Optional.empty()
        : winner
            .filter(w -> !isDrained(state, w))
            .map(w -> LeaderChange.automatic(w, LeaderChange.Cause.LAGGING));
  }

  private static boolean isDrained(ClusterState state, String replica) {
    return state.steering().drained().contains(replica);
  }

  /**
   * Decides on locked rows, under the fence that the wish was based on.
   *
   * @param seen what the wish to change was based on
   * @param locked the lease and its progress, locked: no commit is in flight
   * @return empty if the leader has committed meanwhile and would have to be silent
   */
  public static Optional<Takeover> decide(
      ClusterState seen, ClusterState locked, LeaderChange change) {
    boolean moved = locked.progress().commits() != seen.progress().commits();
    return moved && !change.cause().leaderLives()
        ? Optional.empty()
        : Optional.of(of(locked, change, seen.settleMs())); // under locks no lag is read
  }

  private static Takeover of(ClusterState locked, LeaderChange change, long settleMs) {
    Lease lease = locked.lease();
    // A leader that never committed had an empty term.
    long boundaryMs = Math.max(lease.startMs(), locked.progress().frontierMs());
    long sealMs = Math.max(lease.sealMs(), Math.max(boundaryMs, locked.progress().lastMs()));
    long patchStartMs = boundaryMs == Lease.NO_TIME ? Lease.NO_TIME : boundaryMs - Settling.MOST_MS;
    long waitMs = change.cause().leaderLives() ? settleMs : 0;
    return new Takeover(change.winner(), boundaryMs, sealMs, patchStartMs, waitMs);
  }
}
