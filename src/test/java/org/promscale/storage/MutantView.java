package org.promscale.storage;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.promscale.ha.ClusterState;
import org.promscale.ha.Lease;
import org.promscale.ha.Patch;
import org.promscale.ha.Sighting;
import org.promscale.ha.Silence;

/** What a connector with a mistake in it makes of a lease it has read. One thread. */
final class MutantView {

  private static final long STALE_LEASE_MS = 5_000;

  private final TwinDatabase db;
  private final LongSupplier localClock;
  private final String owner;
  private final Map<Long, ClusterState> stale = new HashMap<>();
  private final Map<Long, Silence> longLooks = new HashMap<>();

  MutantView(TwinDatabase db, LongSupplier localClock, String owner) {
    this.db = db;
    this.localClock = localClock;
    this.owner = owner;
  }

  ClusterState view(TwinCluster cluster, ClusterState state) {
    return switch (db.mutant) {
      case FRONTIER_OF_WRONG_TERM -> staleLease(cluster, state);
      case SILENCE_FROM_LOCAL_CLOCK -> {
        long at = state.progress().committedAtMs();
        long silent = at == Lease.NO_TIME ? 0 : Math.max(0, localClock.getAsLong() - at);
        yield withSilence(state, new Silence(state.progress().commits(), silent, state.nowMs()));
      }
      case LONG_LOOKS -> {
        Silence last = longLooks.get(state.clusterId());
        long commits = state.progress().commits();
        long millis =
            last == null || last.counter() != commits
                ? 0
                : last.millis() + Math.max(0, state.nowMs() - last.lookedAtMs());
        Silence silence = new Silence(commits, millis, state.nowMs());
        longLooks.put(state.clusterId(), silence);
        yield withSilence(state, silence);
      }
      case PATCHED_BY_TWO -> patchedByOthers(state);
      default -> state;
    };
  }

  /** The lease as it was up to five seconds ago, with the progress of now. */
  private ClusterState staleLease(TwinCluster cluster, ClusterState state) {
    ClusterState before = stale.get(state.clusterId());
    if (before == null || state.nowMs() - before.nowMs() > STALE_LEASE_MS) {
      ClusterState complete = cluster.read(Set.of(), db.nowMs());
      stale.put(state.clusterId(), complete);
      return complete;
    }
    return before.withProgress(state.progress());
  }

  /** Every connector lets a patch be filled by the replica that it thinks of first. */
  private ClusterState patchedByOthers(ClusterState state) {
    List<Sighting> seen = state.sightings();
    if (seen.isEmpty()) {
      return state;
    }
    String replica = seen.get(Math.floorMod(owner.hashCode(), seen.size())).replica();
    return with(
        state,
        state.lease(),
        state.openPatches().stream()
            .map(p -> new Patch(p.id(), replica, p.startMs(), p.endMs(), p.opensAtMs()))
            .toList());
  }

  private static ClusterState withSilence(ClusterState s, Silence silence) {
    Lease l = s.lease();
    Lease silent =
        new Lease(
            l.term(),
            l.leader(),
            l.startMs(),
            l.sealMs(),
            l.fence(),
            silence,
            l.gapsMs(),
            l.overrideMs());
    return with(s, silent, s.openPatches());
  }

  private static ClusterState with(ClusterState s, Lease lease, List<Patch> patches) {
    return new ClusterState(
        s.clusterId(),
        s.tenant(),
        s.cluster(),
        lease,
        s.progress(),
        s.sightings(),
        s.terms(),
        patches,
        s.idleLanes(),
        s.recentChanges(),
        s.patchRun(),
        s.steering(),
        s.nowMs());
  }
}
