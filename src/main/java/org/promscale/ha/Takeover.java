package org.promscale.ha;

import java.util.Comparator;
import java.util.Optional;

/**
 * A change of leader because the old one is silent. The decision is made twice from the same rules:
 * once on what a connector sees, and again in the transaction, on rows that nobody else can change.
 *
 * @param winner the replica that leads next
 * @param boundaryMs end of the old term, start of the new one: the old leader's frontier
 * @param sealMs from here on the new leader stores freely
 * @param patchStartMs where the new leader begins to fill what the old one left open, up to the
 *     boundary; from there on to the seal it fills its own term
 */
public record Takeover(String winner, long boundaryMs, long sealMs, long patchStartMs) {

  /** Newest data time counts at most this much ahead of wall time. */
  private static final long CLAMP_MS = 5_000;

  /**
   * Returns the replica that would take over, were the leader silent: seen within the timeout,
   * holding back data that the leader's frontier does not cover; the one with the furthest data,
   * then the first by name.
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
            Comparator.comparingLong(
                    (Sighting s) -> Math.min(s.newestMs(), state.nowMs() + CLAMP_MS))
                .thenComparing(Sighting::replica, Comparator.reverseOrder()))
        .map(Sighting::replica);
  }

  /**
   * Decides on locked rows.
   *
   * @param seen what the wish to change was based on
   * @param locked the lease and its progress, locked: no commit is in flight
   * @param winner the replica that shall lead
   * @return empty if somebody else was faster or the leader has committed meanwhile
   */
  public static Optional<Takeover> decide(ClusterState seen, ClusterState locked, String winner) {
    boolean same = locked.lease().fence().equals(seen.lease().fence());
    boolean moved = locked.progress().commits() != seen.progress().commits();
    return same && !moved ? Optional.of(of(locked, winner)) : Optional.empty();
  }

  private static Takeover of(ClusterState locked, String winner) {
    Lease lease = locked.lease();
    // A leader that never committed had an empty term.
    long boundaryMs = Math.max(lease.startMs(), locked.progress().frontierMs());
    long sealMs = Math.max(lease.sealMs(), Math.max(boundaryMs, locked.progress().lastMs()));
    long patchStartMs = boundaryMs == Lease.NO_TIME ? Lease.NO_TIME : boundaryMs - Settling.MOST_MS;
    return new Takeover(winner, boundaryMs, sealMs, patchStartMs);
  }
}
