package org.promscale.storage;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.Cadence;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.Lease;
import org.promscale.ha.PatchRun;
import org.promscale.ha.Settlement;
import org.promscale.ha.Settling;
import org.promscale.ha.Sighting;
import org.promscale.ha.Silence;
import org.promscale.ingest.LeaseStore;

/**
 * The leases of one connector in the twin. A change of leader takes simulated time, statement by
 * statement; everything else only where it has to wait for a lock. Then the caller waits, as the
 * connector's thread would. One thread at a time.
 */
public final class TwinLeases implements LeaseStore {

  private static final long PATCH_REST_MS = 10_000;

  private final TwinDatabase db;
  private final TwinLine line;
  private final String owner;
  private final MutantView mutated;
  private final TwinFrozen frozen;
  private final Map<Long, Long> viewedAtMs = new HashMap<>();

  /**
   * Makes the view of a connector.
   *
   * @param line its way to the twin
   * @param owner its name
   * @param localClock its wall clock, in milliseconds
   */
  public TwinLeases(TwinDatabase db, TwinLine line, String owner, LongSupplier localClock) {
    this.db = db;
    this.line = line;
    this.owner = owner;
    this.mutated = new MutantView(db, localClock, owner);
    this.frozen = new TwinFrozen(db);
  }

  /** Returns true wall time at which a cluster was last read. */
  public long viewedAtMs(long clusterId) {
    return viewedAtMs.getOrDefault(clusterId, Long.MIN_VALUE);
  }

  @Override
  public List<ClusterState> readAll(Set<UUID> knownFences) {
    requireUp();
    List<ClusterState> states = new ArrayList<>();
    for (TwinCluster cluster : db.clusters()) {
      states.add(view(cluster, knownFences));
    }
    return states;
  }

  @Override
  public List<ClusterState> read(Set<Long> clusterIds) {
    requireUp();
    List<ClusterState> states = new ArrayList<>();
    for (TwinCluster cluster : db.clusters()) {
      if (clusterIds.contains(cluster.id)) {
        states.add(view(cluster, Set.of()));
      }
    }
    return states;
  }

  private ClusterState view(TwinCluster cluster, Set<UUID> knownFences) {
    viewedAtMs.put(cluster.id, db.trueMs());
    return mutated.view(cluster, cluster.read(knownFences, db.nowMs()));
  }

  @Override
  public Optional<Long> elect(int tenant, String name, String replica, int maxClusters) {
    requireUp();
    for (TwinCluster cluster : db.clusters()) {
      if (cluster.tenant == tenant && cluster.name.equals(name)) {
        return Optional.of(cluster.id);
      }
    }
    if (db.clusters().stream().filter(c -> c.tenant == tenant).count() >= maxClusters) {
      return Optional.empty();
    }
    TwinCluster cluster =
        new TwinCluster(db.clusters().size() + 1L, tenant, name, replica, db.newFence());
    cluster.terms.add(
        new TwinCluster.TermRow(
            1,
            replica,
            Lease.NO_TIME,
            TwinCluster.INFINITY,
            "first",
            db.nowMs(),
            db.trueMs(),
            Lease.NO_TIME));
    db.add(cluster);
    return Optional.of(cluster.id);
  }

  @Override
  public boolean takeOver(ClusterState seen, LeaderChange change) {
    TwinAnswer answer = new TwinAnswer(line);
    TwinTransition.Wish wish = TwinTransition.automatic(seen, change);
    new TwinTransition(db, line, owner, seen.clusterId(), wish, answer::accept).start();
    return answer.get();
  }

  @Override
  public void note(List<ReplicaNote> replicas, List<LookNote> looks) {
    requireUp();
    for (ReplicaNote note : replicas) {
      TwinCluster cluster = db.cluster(note.clusterId());
      if (cluster != null) {
        cluster.sightings.merge(
            note.replica(),
            new Sighting(note.replica(), note.lastSeenMs(), note.newestMs()),
            Sighting::and);
      }
    }
    for (LookNote look : looks) {
      TwinCluster cluster = db.cluster(look.clusterId());
      if (cluster != null) {
        transaction(
            TwinDatabase.FOR_EVER,
            session ->
                cluster.fence.equals(look.fence()) ? db.lockExclusive(session, cluster) : null,
            () -> note(cluster, look));
      }
    }
  }

  private void note(TwinCluster cluster, LookNote look) {
    long now = db.nowMs();
    if (!cluster.fence.equals(look.fence())) {
      return;
    }
    if (!look.silence().equals(Silence.UNKNOWN)) {
      boolean still =
          cluster.counterSeen == look.silence().counter() && cluster.lookedAtMs != Lease.NO_TIME;
      long recorded =
          still
              ? cluster.silenceMs
                  + Math.min(Silence.LONGEST_LOOK_MS, Math.max(0, now - cluster.lookedAtMs))
              : 0;
      cluster.silenceMs = Math.max(look.silence().millis(), recorded);
      cluster.counterSeen = look.silence().counter();
      cluster.lookedAtMs = now;
    }
    if (look.gapMs() > 0
        && (cluster.burstAtMs == Lease.NO_TIME || cluster.burstAtMs < look.burstMs() - 3_000)) {
      cluster.gapsMs = Cadence.with(cluster.gapsMs, look.gapMs());
      cluster.burstAtMs = look.burstMs();
    }
  }

  @Override
  public boolean openPatch(ClusterState seen, Settlement.PatchWish wish, long runGapMs) {
    requireUp();
    TwinCluster cluster = db.cluster(seen.clusterId());
    if (cluster == null) {
      return false;
    }
    boolean[] opened = {false};
    transaction(
        TwinDatabase.LOCK_TIMEOUT_MS,
        session -> {
          TwinSession holder = db.lockExclusive(session, cluster);
          for (TwinCluster.Lane lane : cluster.lanes.values()) {
            if (holder == null) {
              holder = db.lockLane(session, lane);
            }
          }
          return holder;
        },
        () -> opened[0] = open(cluster, seen, wish, runGapMs));
    return opened[0];
  }

  private boolean open(
      TwinCluster cluster, ClusterState seen, Settlement.PatchWish wish, long runGapMs) {
    long now = db.nowMs();
    boolean others = cluster.patches.stream().anyMatch(p -> p.openUntilMs == TwinCluster.INFINITY);
    if (!cluster.fence.equals(seen.lease().fence())
        || others
        || (cluster.patchedAtMs != Lease.NO_TIME
            && cluster.patchedAtMs > now - 5_000
            && cluster.patchedAtMs <= now)) {
      return false;
    }
    if (runGapMs > 0) {
      boolean first = cluster.patchedAtMs == Lease.NO_TIME || cluster.patchedAtMs <= now - runGapMs;
      long moved = PatchRun.movedMs(wish.holeMs(), cluster.sealMs);
      cluster.patchedSinceMs =
          first ? now : cluster.patchedSinceMs + Math.max(0, now - cluster.patchedAtMs - moved);
      cluster.patchedAtMs = now;
    }
    UUID before = cluster.fence;
    cluster.fence = db.newFence();
    cluster.sealMs = Math.max(cluster.sealMs, wish.endMs());
    TwinCluster.PatchRow row =
        new TwinCluster.PatchRow(
            db.newPatchId(), wish.replica(), wish.startMs(), wish.endMs(), now, now);
    row.trueOpenMs = db.trueMs();
    cluster.patches.add(row);
    for (TwinCluster.Lane lane : cluster.lanes.values()) {
      if (lane.fence.equals(before)) {
        lane.fence = cluster.fence;
      }
    }
    return true;
  }

  @Override
  public void closePatch(long clusterId, long patchId) {
    requireUp();
    TwinCluster cluster = db.cluster(clusterId);
    if (cluster == null) {
      return;
    }
    transaction(
        TwinDatabase.LOCK_TIMEOUT_MS,
        session -> db.lockExclusive(session, cluster),
        () -> closePatch(cluster, patchId));
  }

  private void closePatch(TwinCluster cluster, long patchId) {
    long now = db.nowMs();
    for (TwinCluster.PatchRow patch : cluster.patches) {
      long filled = Math.max(patch.opensAtMs, patch.filledAtMs);
      if (patch.id == patchId
          && patch.openUntilMs == TwinCluster.INFINITY
          && (filled < now - PATCH_REST_MS || filled > now)
          && !(patch.opensAtMs > now && patch.opensAtMs <= now + Settling.MOST_MS)) {
        patch.openUntilMs = now;
        patch.trueCloseMs = db.trueMs();
      }
    }
  }

  @Override
  public void foldLanes(long clusterId) {
    requireUp();
    TwinCluster cluster = db.cluster(clusterId);
    if (cluster == null) {
      return;
    }
    transaction(
        TwinDatabase.LOCK_TIMEOUT_MS,
        session -> {
          TwinSession holder = db.lockExclusive(session, cluster);
          for (TwinCluster.Lane lane : cluster.lanes.values()) {
            if (holder == null && lane.isIdle(db.nowMs())) {
              holder = db.lockLane(session, lane);
            }
          }
          return holder;
        },
        () -> fold(cluster));
  }

  private void fold(TwinCluster cluster) {
    long now = db.nowMs();
    for (TwinCluster.Lane lane : List.copyOf(cluster.lanes.values())) {
      if (lane.isIdle(now)) {
        cluster.lanes.remove(lane.name);
        if (lane.fence.equals(cluster.fence)) {
          cluster.baseFrontierMs = Math.max(cluster.baseFrontierMs, lane.frontierMs);
          cluster.baseLastMs = Math.max(cluster.baseLastMs, lane.lastMs);
        }
        cluster.baseCommits += lane.commits;
      }
    }
  }

  @Override
  public void forgetReplicas(long clusterId) {
    requireUp();
    TwinCluster cluster = db.cluster(clusterId);
    if (cluster != null) {
      long dayAgo = db.nowMs() - 86_400_000;
      cluster
          .sightings
          .values()
          .removeIf(
              s ->
                  s.lastSeenMs() < dayAgo
                      && !s.replica().equals(cluster.leader)
                      && !cluster.drained.contains(s.replica()));
    }
  }

  @Override
  public int endFrozenSessions() {
    requireUp();
    return frozen.end();
  }

  private void requireUp() {
    if (!db.isUp()) {
      throw TwinAnswer.unavailable();
    }
  }

  /**
   * Runs a short transaction: locks, then changes, all at once unless it has to wait.
   *
   * @param locks returns whom it has to wait for, null when it has all it needs
   */
  private void transaction(
      long lockTimeoutMs, Function<TwinSession, @Nullable TwinSession> locks, Runnable change) {
    TwinSession session = db.begin(owner);
    TwinAnswer answer = new TwinAnswer(line);
    db.run(
        session,
        lockTimeoutMs,
        () -> locks.apply(session),
        failure -> {
          if (failure == null) {
            session.redo.add(change);
            db.commit(session);
          } else {
            db.end(session, false);
          }
          answer.accept(failure == null, failure);
        });
    answer.get();
  }
}
