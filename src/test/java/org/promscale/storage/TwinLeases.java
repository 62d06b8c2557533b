package org.promscale.storage;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.Cadence;
import org.promscale.ha.ClusterState;
import org.promscale.ha.Lease;
import org.promscale.ha.Progress;
import org.promscale.ha.Sighting;
import org.promscale.ha.Silence;
import org.promscale.ha.Takeover;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.ingest.LeaseStore;

/**
 * The leases of one connector in the twin. A call takes no simulated time: what it would have to
 * wait for counts as a lock time-out, and the caller tries again. One thread.
 */
public final class TwinLeases implements LeaseStore {

  private static final long STALE_LEASE_MS = 5_000;
  private static final long OLD_LEASE_MS = 60_000;

  private final TwinDatabase db;
  private final LongSupplier localClock;

  // Of mutants: what this connector remembers where it should not.
  private final Map<Long, ClusterState> stale = new HashMap<>();
  private final Map<Long, Silence> longLooks = new HashMap<>();

  /** Makes the view of a connector with this wall clock, in milliseconds. */
  public TwinLeases(TwinDatabase db, LongSupplier localClock) {
    this.db = db;
    this.localClock = localClock;
  }

  @Override
  public List<ClusterState> readAll(Set<UUID> knownFences) {
    requireUp();
    List<ClusterState> states = new ArrayList<>();
    for (TwinCluster cluster : db.clusters()) {
      states.add(mutated(cluster, cluster.read(knownFences, db.nowMs())));
    }
    return states;
  }

  @Override
  public List<ClusterState> read(Set<Long> clusterIds) {
    requireUp();
    List<ClusterState> states = new ArrayList<>();
    for (TwinCluster cluster : db.clusters()) {
      if (clusterIds.contains(cluster.id)) {
        states.add(mutated(cluster, cluster.read(Set.of(), db.nowMs())));
      }
    }
    return states;
  }

  private ClusterState mutated(TwinCluster cluster, ClusterState state) {
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

  private static ClusterState withSilence(ClusterState s, Silence silence) {
    Lease l = s.lease();
    return new ClusterState(
        s.clusterId(),
        s.tenant(),
        s.cluster(),
        new Lease(
            l.term(),
            l.leader(),
            l.startMs(),
            l.sealMs(),
            l.fence(),
            silence,
            l.gapsMs(),
            l.overrideMs()),
        s.progress(),
        s.sightings(),
        s.terms(),
        s.openPatches(),
        s.idleLanes(),
        s.recentChanges(),
        s.nowMs());
  }

  @Override
  public Optional<Long> elect(int tenant, String name, String replica, int maxClusters) {
    requireUp();
    for (TwinCluster cluster : db.clusters()) {
      if (cluster.tenant == tenant && cluster.name.equals(name)) {
        return Optional.of(cluster.id);
      }
    }
    if (db.clusters().size() >= maxClusters) {
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
  public boolean takeOver(ClusterState seen, String winner, String cause) {
    requireUp();
    TwinCluster cluster = db.cluster(seen.clusterId());
    if (cluster == null) {
      return false;
    }
    requireFree(cluster);
    boolean same = cluster.fence.equals(seen.lease().fence());
    if (!same) {
      return false;
    }
    Progress locked = cluster.progress(db.nowMs());
    Optional<Takeover> takeover =
        Takeover.decide(seen, cluster.read(Set.of(), db.nowMs()).withProgress(locked), winner);
    takeover.ifPresent(t -> change(cluster, t, locked, cause));
    return takeover.isPresent();
  }

  private void change(TwinCluster cluster, Takeover decided, Progress locked, String cause) {
    long now = db.nowMs();
    long boundary = decided.boundaryMs();
    long seal = decided.sealMs();
    if (db.mutant == Mutant.BOUNDARY_AT_OLD_END && boundary != Lease.NO_TIME) {
      boundary += OLD_LEASE_MS;
      seal = Math.max(seal, boundary);
    }
    TwinCluster.TermRow old = cluster.terms.remove(cluster.terms.size() - 1);
    cluster.terms.add(
        new TwinCluster.TermRow(
            old.number(),
            old.leader(),
            old.startMs(),
            boundary,
            old.cause(),
            old.decidedAtMs(),
            old.trueMs(),
            old.sealMs()));
    cluster.term++;
    cluster.terms.add(
        new TwinCluster.TermRow(
            cluster.term,
            decided.winner(),
            boundary,
            TwinCluster.INFINITY,
            cause,
            now,
            db.trueMs(),
            seal));
    cluster.leader = decided.winner();
    cluster.fence = db.newFence();
    cluster.startMs = boundary;
    cluster.sealMs = seal;
    cluster.baseFrontierMs = boundary;
    cluster.baseLastMs = boundary;
    cluster.silenceMs = 0;
    cluster.counterSeen = locked.commits();
    cluster.lookedAtMs = now;
    cluster.gapsMs = List.of();
    cluster.burstAtMs = Lease.NO_TIME;
    for (TwinCluster.PatchRow patch : cluster.patches) {
      if (patch.openUntilMs == TwinCluster.INFINITY) {
        patch.openUntilMs = now;
        patch.trueCloseMs = db.trueMs();
      }
    }
    if (decided.boundaryMs() != Lease.NO_TIME) {
      cluster.patches.add(
          new TwinCluster.PatchRow(
              db.newPatchId(),
              decided.winner(),
              decided.patchStartMs(),
              decided.boundaryMs(),
              now));
    }
    for (TwinCluster.Lane lane : cluster.lanes.values()) {
      lane.fence = cluster.fence;
      lane.frontierMs = boundary;
      lane.lastMs = boundary;
      lane.lagMs = 0;
      lane.committedAtMs = Lease.NO_TIME;
      lane.registeredAtMs = db.nowMs();
    }
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
            (a, b) ->
                new Sighting(
                    a.replica(),
                    Math.max(a.lastSeenMs(), b.lastSeenMs()),
                    Math.max(a.newestMs(), b.newestMs())));
      }
    }
    for (LookNote look : looks) {
      TwinCluster cluster = db.cluster(look.clusterId());
      if (cluster != null && cluster.fence.equals(look.fence())) {
        note(cluster, look);
      }
    }
  }

  private void note(TwinCluster cluster, LookNote look) {
    long now = db.nowMs();
    if (!look.silence().equals(Silence.UNKNOWN)) {
      requireWritable(cluster);
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
      requireWritable(cluster);
      cluster.gapsMs = Cadence.with(cluster.gapsMs, look.gapMs());
      cluster.burstAtMs = look.burstMs();
    }
  }

  @Override
  public void closePatch(long clusterId, long patchId) {
    requireUp();
    TwinCluster cluster = db.cluster(clusterId);
    if (cluster == null) {
      return;
    }
    requireWritable(cluster);
    long now = db.nowMs();
    for (TwinCluster.PatchRow patch : cluster.patches) {
      long filled = patch.filledAtMs == Lease.NO_TIME ? patch.openedAtMs : patch.filledAtMs;
      if (patch.id == patchId
          && patch.openUntilMs == TwinCluster.INFINITY
          && filled < now - 10_000) {
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
    requireFree(cluster);
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
          .removeIf(s -> s.lastSeenMs() < dayAgo && !s.replica().equals(cluster.leader));
    }
  }

  @Override
  public int endFrozenSessions() {
    requireUp();
    return db.endFrozen();
  }

  private void requireUp() {
    if (!db.isUp()) {
      throw unavailable();
    }
  }

  /** A change of leader waits for the lease row and for every lane. */
  private void requireFree(TwinCluster cluster) {
    if (db.holderOf(cluster) != null) {
      throw unavailable();
    }
  }

  private static void requireWritable(TwinCluster cluster) {
    @Nullable TwinSession holder = cluster.writeLockedBy;
    if (holder != null || !cluster.sharedBy.isEmpty()) {
      throw unavailable();
    }
  }

  private static IngestFailure unavailable() {
    return new IngestFailure(FailureKind.UNAVAILABLE, "the twin does not answer");
  }
}
