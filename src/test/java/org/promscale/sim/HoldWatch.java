package org.promscale.sim;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.promscale.ha.ClusterState;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.Lease;
import org.promscale.ha.Settlement;

/**
 * Judges by I8 once a second that what is held is settled: stored or let go soon after it is due. A
 * second counts if the database answers, the connector is looking, and a patch could be opened: by
 * the design none can while another is open and in a term's first settle time, and until then
 * nothing is let go that is near a hole. One of these watches one world.
 */
final class HoldWatch {

  private static final int LONGEST_SECONDS = 30;
  private static final long LOOKED_NANOS = 5 * Simulation.SECOND;

  private final World world;
  private IdentityHashMap<HeldRequest, Integer> overdue = new IdentityHashMap<>();

  HoldWatch(World world) {
    this.world = world;
  }

  void look() {
    if (!world.database().isUp() || world.isDatabaseSlow()) {
      return;
    }
    List<ClusterState> states = new ArrayList<>();
    for (int cluster = 0; cluster < world.plan().clusters(); cluster++) {
      ClusterState state = world.history(cluster).state();
      if (state != null) {
        states.add(state);
      }
    }
    IdentityHashMap<HeldRequest, Integer> still = new IdentityHashMap<>();
    for (Connector connector : world.connectors()) {
      boolean counts = connector.hasLookedFor(LOOKED_NANOS);
      for (HeldRequest request : connector.held()) {
        int before = overdue.getOrDefault(request, 0);
        int now = counts && isOverdue(states, request) ? before + 1 : before;
        if (now > before && now == LONGEST_SECONDS) {
          world.violated(
              "I8: %s holds samples of %s until %s for %d s since they were due"
                  .formatted(
                      connector.name(),
                      request.replica(),
                      Evidence.shown(request.newestMs()),
                      LONGEST_SECONDS));
        }
        if (now > 0) {
          still.put(request, now);
        }
      }
    }
    overdue = still;
  }

  private static boolean isOverdue(List<ClusterState> states, HeldRequest request) {
    for (ClusterState state : states) {
      if (state.clusterId() == request.clusterId()) {
        return request.dueMs() < Settlement.settledMs(state) && mayPatch(state);
      }
    }
    return false;
  }

  private static boolean mayPatch(ClusterState state) {
    long startMs = state.lease().startMs();
    return state.openPatches().isEmpty()
        && (startMs == Lease.NO_TIME || state.progress().frontierMs() - startMs > state.settleMs());
  }
}
