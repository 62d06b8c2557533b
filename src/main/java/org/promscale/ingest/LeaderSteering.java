package org.promscale.ingest;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeasePolicy;
import org.promscale.ha.PinnedReturn;
import org.promscale.ha.SteeringOrder;
import org.promscale.ha.SteeringRuling;

/**
 * Carries out what operators order, and gives leadership back to pinned replicas that had lost it
 * by their silence. Orders may come on any thread; looks on one at a time.
 */
public final class LeaderSteering {

  private static final Logger LOG = System.getLogger(LeaderSteering.class.getName());
  private static final int SHOWN_BYTES = 200;

  private final LeaseSteering steering;
  private final LeaseStore store;
  private final ClusterLeaders leaders;
  private final LeasePolicy policy;
  private final LongSupplier nanoClock;
  private final Map<Long, PinnedReturn> returns = new ConcurrentHashMap<>();

  /**
   * Joins the parts.
   *
   * @param nanoClock a clock that never jumps, in nanoseconds
   */
  public LeaderSteering(
      LeaseSteering steering,
      LeaseStore store,
      ClusterLeaders leaders,
      LeasePolicy policy,
      LongSupplier nanoClock) {
    this.steering = steering;
    this.store = store;
    this.leaders = leaders;
    this.policy = policy;
    this.nanoClock = nanoClock;
  }

  /**
   * Carries out an order; afterwards this connector knows what came of it, the others with their
   * next look. Blocks.
   *
   * @throws IngestFailure UNAVAILABLE if the database does not answer: look what came of it
   */
  public SteeringRuling steer(int tenant, String cluster, SteeringOrder order) {
    WatchedCluster watched = leaders.watched(tenant, cluster);
    ClusterState seen = watched == null ? null : read(watched.state().clusterId());
    SteeringRuling ruling =
        watched == null || seen == null
            ? SteeringRuling.unknown("no cluster " + OneLine.of(cluster, SHOWN_BYTES))
            : steering.steer(
                seen.withSightings(watched.sightings()), order, timeoutMs(watched.state()));
    log(cluster, order, ruling);
    if (seen != null) {
      read(seen.clusterId());
    }
    return ruling;
  }

  private static void log(String cluster, SteeringOrder order, SteeringRuling ruling) {
    LOG.log(
        Level.INFO,
        "cluster {0}: {1}{2} {3} by {4} ({5}): {6}: {7}",
        OneLine.of(cluster, SHOWN_BYTES),
        order.action().text(),
        order.force() ? " (forced)" : "",
        OneLine.of(order.replica() == null ? "" : order.replica(), SHOWN_BYTES),
        OneLine.of(order.actor(), SHOWN_BYTES),
        OneLine.of(order.reason(), 4 * SHOWN_BYTES),
        ruling.outcome() == SteeringRuling.Outcome.DONE ? "done" : "refused",
        OneLine.of(ruling.why(), 4 * SHOWN_BYTES));
  }

  /**
   * Looks once whether pinned replicas deliver again. Call it every second after the look at
   * leaders.
   *
   * @throws IngestFailure UNAVAILABLE if the database does not answer; call again
   */
  public void look() {
    for (WatchedCluster watched : leaders.all()) {
      ClusterState state = watched.state().withSightings(watched.sightings());
      if (state.steering().pinned() == null) {
        returns.remove(state.clusterId());
        continue;
      }
      String replica =
          returns
              .computeIfAbsent(state.clusterId(), id -> new PinnedReturn())
              .look(state, timeoutMs(state));
      if (replica != null) {
        bringBack(state, replica);
      }
    }
  }

  private void bringBack(ClusterState state, String replica) {
    try {
      if (steering.bringBack(state, replica)) {
        LOG.log(
            Level.INFO,
            "cluster {0}: pinned replica {1} delivers again and leads",
            OneLine.of(state.cluster(), SHOWN_BYTES),
            OneLine.of(replica, SHOWN_BYTES));
      }
      read(state.clusterId());
    } catch (IngestFailure e) {
      // A commit in flight holds the rows; the next look tries again.
      LOG.log(Level.DEBUG, "cannot bring back the leader of cluster " + state.cluster(), e);
    }
  }

  private long timeoutMs(ClusterState state) {
    return policy.timeoutMs(state.lease(), state.recentChanges());
  }

  /** Reads a cluster and lets the connector know it; null if the database does not. */
  private @Nullable ClusterState read(long clusterId) {
    long ticket = leaders.drawTicket();
    long atNanos = nanoClock.getAsLong();
    List<ClusterState> states = store.read(Set.of(clusterId));
    leaders.adopt(states, ticket, atNanos);
    return states.isEmpty() ? null : states.get(0);
  }
}
