package org.promscale.storage;

import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.Progress;
import org.promscale.ha.Sighting;
import org.promscale.ha.SteeringOrder;
import org.promscale.ha.SteeringRules;
import org.promscale.ha.SteeringRuling;
import org.promscale.ha.Takeover;
import org.promscale.ingest.LeaseSteering;

/** Operators' orders in the twin, as {@link PgLeaseSteering} carries them out. One thread. */
public final class TwinSteering implements LeaseSteering {

  private final TwinDatabase db;
  private final TwinLine line;
  private final String owner;

  /**
   * Makes that of a connector.
   *
   * @param line its way to the twin
   * @param owner its name
   */
  public TwinSteering(TwinDatabase db, TwinLine line, String owner) {
    this.db = db;
    this.line = line;
    this.owner = owner;
  }

  @Override
  public SteeringRuling steer(ClusterState seen, SteeringOrder order, long timeoutMs) {
    SteeringRuling[] ruling = {SteeringRuling.unknown("no cluster " + seen.cluster())};
    carryOut(seen, wish(seen, order, timeoutMs, ruled -> ruling[0] = ruled));
    return ruling[0];
  }

  /** Returns what an order wants; the ruling on it is told when it is made. */
  TwinTransition.Wish wish(
      ClusterState seen, SteeringOrder order, long timeoutMs, Consumer<SteeringRuling> ruled) {
    return new TwinTransition.Wish() {
      @Override
      public boolean isOf(TwinCluster cluster) {
        return true; // on what the lanes tell too, as one ruling
      }

      @Override
      public TwinTransition.@Nullable Deed decide(TwinCluster cluster, ClusterState locked) {
        ClusterState now = merged(seen, locked);
        SteeringRuling ruling = SteeringRules.rule(seen.lease(), now, order, timeoutMs);
        ruled.accept(ruling);
        return ruling.outcome() == SteeringRuling.Outcome.DONE
            ? deed(now, ruling.change(), () -> mark(cluster, order))
            : null;
      }
    };
  }

  @Override
  public boolean bringBack(ClusterState seen, String replica) {
    return carryOut(
        seen,
        new TwinTransition.Wish() {
          @Override
          public boolean isOf(TwinCluster cluster) {
            return cluster.fence.equals(seen.lease().fence());
          }

          @Override
          public TwinTransition.@Nullable Deed decide(TwinCluster cluster, ClusterState locked) {
            ClusterState now = merged(seen, locked);
            return replica.equals(now.steering().pinnedAt(now.nowMs()))
                    && !now.steering().drained().contains(replica)
                ? deed(
                    now,
                    new LeaderChange(replica, LeaderChange.Cause.PINNED, "ops", "pinned"),
                    () -> {})
                : null;
          }
        });
  }

  private boolean carryOut(ClusterState seen, TwinTransition.Wish wish) {
    TwinAnswer answer = new TwinAnswer(line);
    new TwinTransition(db, line, owner, seen.clusterId(), wish, answer::accept).start();
    return answer.get();
  }

  /** What was found under locks, with what is not read there. */
  private static ClusterState merged(ClusterState seen, ClusterState locked) {
    Map<String, Sighting> replicas = new TreeMap<>();
    seen.sightings().forEach(s -> replicas.put(s.replica(), s));
    for (Sighting noted : locked.sightings()) {
      replicas.merge(noted.replica(), noted, Sighting::and);
    }
    Progress counted = locked.progress();
    Progress progress =
        new Progress(
            counted.frontierMs(),
            counted.lastMs(),
            seen.progress().lagMs(),
            counted.commits(),
            seen.progress().committedAtMs());
    return seen.locked(
        locked.lease(),
        progress,
        replicas.values().stream().sorted(Comparator.comparing(Sighting::replica)).toList(),
        locked.steering(),
        locked.nowMs());
  }

  private static TwinTransition.Deed deed(
      ClusterState locked, @Nullable LeaderChange change, Runnable mark) {
    Takeover takeover =
        change == null || change.winner().equals(locked.lease().leader())
            ? null
            : Takeover.decide(locked, locked, change).orElse(null);
    return new TwinTransition.Deed(takeover, change, mark);
  }

  private void mark(TwinCluster cluster, SteeringOrder order) {
    String replica = order.replica();
    switch (order.action()) {
      case HAND_OVER -> {}
      case PIN -> {
        cluster.pinned = replica;
        cluster.pinnedUntilMs = order.pinnedUntilMs(db.nowMs());
      }
      case UNPIN -> {
        cluster.pinned = null;
        cluster.pinnedUntilMs = TwinCluster.INFINITY;
      }
      case DRAIN -> {
        if (replica != null) {
          cluster.drained.add(replica);
        }
      }
      case UNDRAIN -> cluster.drained.remove(replica);
    }
  }
}
