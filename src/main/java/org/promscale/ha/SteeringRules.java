package org.promscale.ha;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Whether an operator's order is carried out, on a state that nobody else can change meanwhile.
 * Nobody is handed leadership who could not keep it: what that replica has not sent yet would be a
 * hole for as long as it does not.
 */
public final class SteeringRules {

  private static final String OR_FORCE = ", or send \"force\": true";

  private SteeringRules() {}

  /**
   * Rules on an order.
   *
   * @param seen the lease as it was just before the locks
   * @param locked the cluster now: lease, progress and steering as nobody else can change them
   * @param timeoutMs the cluster's timeout: who was not seen within it is not there
   */
  public static SteeringRuling rule(
      Lease seen, ClusterState locked, SteeringOrder order, long timeoutMs) {
    if (hasChanged(seen, locked.lease(), order.fence())) {
      return SteeringRuling.changed(locked.lease());
    }
    String replica = order.replica();
    if (replica == null) {
      return order.action() == SteeringOrder.Action.UNPIN
          ? unpin(locked, null)
          : SteeringRuling.refused(order.action().text() + " needs the name of a replica");
    }
    if (order.action() != SteeringOrder.Action.UNPIN && seen(locked, replica).isEmpty()) {
      return SteeringRuling.unknown(
          "no replica " + replica + " in cluster " + locked.cluster() + ", only " + names(locked));
    }
    return switch (order.action()) {
      case HAND_OVER -> handOver(locked, order, replica, timeoutMs);
      case PIN -> pin(locked, order, replica, timeoutMs);
      case UNPIN -> unpin(locked, replica);
      case DRAIN -> drain(locked, order, replica, timeoutMs);
      case UNDRAIN -> SteeringRuling.done(replica + " may lead again");
    };
  }

  /** Without a fence a patch that was opened meanwhile changes nothing for the operator. */
  private static boolean hasChanged(Lease seen, Lease locked, @Nullable UUID fence) {
    return fence != null
        ? !fence.equals(locked.fence())
        : seen.term() != locked.term() || !seen.leader().equals(locked.leader());
  }

  private static SteeringRuling handOver(
      ClusterState state, SteeringOrder order, String replica, long timeoutMs) {
    String pinned = state.steering().pinnedAt(state.nowMs());
    if (pinned != null && !pinned.equals(replica)) {
      return SteeringRuling.refused(
          pinned + " is pinned and would get leadership back: unpin it first");
    }
    if (state.lease().leader().equals(replica)) {
      return SteeringRuling.done(replica + " leads already");
    }
    if (!order.force() && state.steering().drained().contains(replica)) {
      return SteeringRuling.refused(replica + " is drained: undrain it first" + OR_FORCE);
    }
    return order.force()
        ? lead(order, replica, LeaderChange.Cause.HANDED_OVER)
        : obstacle(state, replica, timeoutMs)
            .map(SteeringRuling::refused)
            .orElseGet(() -> lead(order, replica, LeaderChange.Cause.HANDED_OVER));
  }

  private static SteeringRuling pin(
      ClusterState state, SteeringOrder order, String replica, long timeoutMs) {
    long untilMs = order.pinnedUntilMs(state.nowMs());
    if (untilMs <= state.nowMs()) {
      return SteeringRuling.refused("the pin would have ended at " + Instant.ofEpochMilli(untilMs));
    }
    if (state.steering().drained().contains(replica)) {
      return SteeringRuling.refused(replica + " is drained: undrain it first");
    }
    if (state.lease().leader().equals(replica)) {
      return SteeringRuling.done(replica + " leads and is pinned");
    }
    return order.force()
        ? lead(order, replica, LeaderChange.Cause.PINNED)
        : obstacle(state, replica, timeoutMs)
            .map(SteeringRuling::refused)
            .orElseGet(() -> lead(order, replica, LeaderChange.Cause.PINNED));
  }

  private static SteeringRuling unpin(ClusterState state, @Nullable String replica) {
    String pinned = state.steering().pinnedAt(state.nowMs());
    if (replica != null && pinned != null && !pinned.equals(replica)) {
      return SteeringRuling.refused("not " + replica + " is pinned, but " + pinned);
    }
    return SteeringRuling.done("nobody is pinned any more");
  }

  private static SteeringRuling drain(
      ClusterState state, SteeringOrder order, String replica, long timeoutMs) {
    if (replica.equals(state.steering().pinnedAt(state.nowMs()))) {
      return SteeringRuling.refused(replica + " is pinned: unpin it first");
    }
    if (!state.lease().leader().equals(replica)) {
      return SteeringRuling.done(replica + " does not lead unless nobody else lives");
    }
    Optional<Sighting> best =
        state.sightings().stream()
            .filter(s -> !s.replica().equals(replica) && isSeen(state, s, timeoutMs))
            .filter(s -> !state.steering().drained().contains(s.replica()))
            .max(Takeover.furthest(state));
    if (best.isEmpty()) {
      return SteeringRuling.done(
          replica + " is drained but still leads: nobody else lives; drain it again when one does");
    }
    String heir = best.get().replica();
    Optional<String> obstacle = order.force() ? Optional.empty() : obstacle(state, heir, timeoutMs);
    return obstacle.isPresent()
        ? SteeringRuling.refused("nobody can take over from " + replica + ": " + obstacle.get())
        : lead(order, heir, LeaderChange.Cause.DRAINED);
  }

  private static SteeringRuling lead(SteeringOrder order, String winner, LeaderChange.Cause cause) {
    return SteeringRuling.done(
        winner + " leads from now on",
        new LeaderChange(winner, cause, order.actor(), order.reason()));
  }

  /** Returns what speaks against a replica as leader, empty if nothing does. */
  private static Optional<String> obstacle(ClusterState state, String replica, long timeoutMs) {
    Sighting seen = seen(state, replica).orElseThrow();
    if (!isSeen(state, seen, timeoutMs)) {
      return Optional.of(
          replica
              + " was last seen "
              + seconds(state.nowMs() - seen.lastSeenMs())
              + " ago, it must have been within "
              + seconds(timeoutMs)
              + ": wait for it"
              + OR_FORCE);
    }
    if (seen.newestMs() == Lease.NO_TIME) {
      return Optional.of(replica + " has sent no samples: wait for them" + OR_FORCE);
    }
    if (!isUpToDate(state, seen)) {
      return Optional.of(
          replica
              + " is "
              + seconds(state.progress().frontierMs() - seen.newestMs())
              + " behind, it must be less than "
              + seconds(allowedMs(state))
              + ": wait for it"
              + OR_FORCE);
    }
    return Optional.empty();
  }

  /** Tells whether a replica was seen within the timeout. */
  static boolean isSeen(ClusterState state, Sighting seen, long timeoutMs) {
    return state.nowMs() - seen.lastSeenMs() < timeoutMs;
  }

  /** Tells whether a replica delivers about as far as the leader does. */
  static boolean isUpToDate(ClusterState state, Sighting seen) {
    long frontierMs = state.progress().frontierMs();
    return seen.newestMs() != Lease.NO_TIME
        && (frontierMs == Lease.NO_TIME || frontierMs - seen.newestMs() < allowedMs(state));
  }

  /** Between two of its requests a slow sender is behind by as much as lies between them. */
  private static long allowedMs(ClusterState state) {
    return state.settleMs() + Cadence.of(state.lease().gapsMs()).orElse(0);
  }

  private static Optional<Sighting> seen(ClusterState state, String replica) {
    return state.sightings().stream().filter(s -> s.replica().equals(replica)).findFirst();
  }

  private static String names(ClusterState state) {
    return state.sightings().stream().map(Sighting::replica).collect(Collectors.joining(", "));
  }

  private static String seconds(long millis) {
    return Math.round(millis / 1e3) + " s";
  }
}
