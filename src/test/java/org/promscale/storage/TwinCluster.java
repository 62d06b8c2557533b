package org.promscale.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.Lease;
import org.promscale.ha.Patch;
import org.promscale.ha.PatchRun;
import org.promscale.ha.Progress;
import org.promscale.ha.Sighting;
import org.promscale.ha.Silence;
import org.promscale.ha.Steering;
import org.promscale.ha.Term;

/** The rows of one cluster in the twin of the database. One thread. */
final class TwinCluster {

  /** No end in sight. */
  static final long INFINITY = Long.MAX_VALUE;

  /** A lane's row. */
  static final class Lane {
    final String name;
    UUID fence;
    long frontierMs = Lease.NO_TIME;
    long lastMs = Lease.NO_TIME;
    long lagMs;
    long commits;
    long committedAtMs = Lease.NO_TIME;
    long registeredAtMs;
    @Nullable TwinSession lockedBy;

    Lane(String name, UUID fence, long registeredAtMs) {
      this.name = name;
      this.fence = fence;
      this.registeredAtMs = registeredAtMs;
    }

    Lane copy() {
      Lane copy = new Lane(name, fence, registeredAtMs);
      copy.frontierMs = frontierMs;
      copy.lastMs = lastMs;
      copy.lagMs = lagMs;
      copy.commits = commits;
      copy.committedAtMs = committedAtMs;
      return copy;
    }

    boolean isIdle(long nowMs) {
      return Math.max(committedAtMs, registeredAtMs) < nowMs - 600_000;
    }
  }

  /** A term's row. */
  record TermRow(
      long number,
      String leader,
      long startMs,
      long endMs,
      String cause,
      long decidedAtMs,
      long trueMs,
      long sealMs) {}

  /** A patch's row. */
  static final class PatchRow {
    final long id;
    final String replica;
    final long startMs;
    final long endMs;
    final long openedAtMs;
    final long opensAtMs;
    long openUntilMs = INFINITY;
    long trueOpenMs = INFINITY;
    long trueCloseMs = INFINITY;
    long filledAtMs = Lease.NO_TIME;
    long filled;

    PatchRow(long id, String replica, long startMs, long endMs, long openedAtMs, long opensAtMs) {
      this.id = id;
      this.replica = replica;
      this.startMs = startMs;
      this.endMs = endMs;
      this.openedAtMs = openedAtMs;
      this.opensAtMs = opensAtMs;
    }

    PatchRow copy() {
      PatchRow copy = new PatchRow(id, replica, startMs, endMs, openedAtMs, opensAtMs);
      copy.openUntilMs = openUntilMs;
      copy.trueOpenMs = trueOpenMs;
      copy.trueCloseMs = trueCloseMs;
      copy.filledAtMs = filledAtMs;
      copy.filled = filled;
      return copy;
    }
  }

  final long id;
  final int tenant;
  final String name;
  long term = 1;
  String leader;
  UUID fence;
  long startMs = Lease.NO_TIME;
  long sealMs = Lease.NO_TIME;
  long silenceMs;
  long lookedAtMs = Lease.NO_TIME;
  long counterSeen;
  List<Long> gapsMs = List.of();
  long burstAtMs = Lease.NO_TIME;
  long patchedSinceMs = Lease.NO_TIME;
  long patchedAtMs = Lease.NO_TIME;
  long baseFrontierMs = Lease.NO_TIME;
  long baseLastMs = Lease.NO_TIME;
  long baseCommits;
  @Nullable String pinned;
  long pinnedUntilMs = INFINITY;
  final Set<String> drained = new TreeSet<>();
  final Map<String, Lane> lanes = new TreeMap<>();
  final List<TermRow> terms = new ArrayList<>();
  final List<PatchRow> patches = new ArrayList<>();
  final Map<String, Sighting> sightings = new TreeMap<>();

  /** Whoever holds the lease row FOR NO KEY UPDATE. */
  @Nullable TwinSession writeLockedBy;

  /** Those that hold it FOR SHARE. */
  final List<TwinSession> sharedBy = new ArrayList<>();

  TwinCluster(long id, int tenant, String name, String leader, UUID fence) {
    this.id = id;
    this.tenant = tenant;
    this.name = name;
    this.leader = leader;
    this.fence = fence;
  }

  TwinCluster copy() {
    TwinCluster copy = new TwinCluster(id, tenant, name, leader, fence);
    copy.term = term;
    copy.startMs = startMs;
    copy.sealMs = sealMs;
    copy.silenceMs = silenceMs;
    copy.lookedAtMs = lookedAtMs;
    copy.counterSeen = counterSeen;
    copy.gapsMs = gapsMs;
    copy.burstAtMs = burstAtMs;
    copy.patchedSinceMs = patchedSinceMs;
    copy.patchedAtMs = patchedAtMs;
    copy.baseFrontierMs = baseFrontierMs;
    copy.baseLastMs = baseLastMs;
    copy.baseCommits = baseCommits;
    copy.pinned = pinned;
    copy.pinnedUntilMs = pinnedUntilMs;
    copy.drained.addAll(drained);
    lanes.forEach((lane, row) -> copy.lanes.put(lane, row.copy()));
    copy.terms.addAll(terms);
    patches.forEach(p -> copy.patches.add(p.copy()));
    copy.sightings.putAll(sightings);
    return copy;
  }

  /** Sums up the lanes; only those under the current fence tell how far the leader's data is. */
  Progress progress(long nowMs) {
    long frontier = baseFrontierMs;
    long last = baseLastMs;
    long lag = 0;
    long commits = baseCommits;
    long committedAt = Lease.NO_TIME;
    for (Lane lane : lanes.values()) {
      commits += lane.commits;
      if (lane.fence.equals(fence)) {
        frontier = Math.max(frontier, lane.frontierMs);
        last = Math.max(last, lane.lastMs);
        committedAt = Math.max(committedAt, lane.committedAtMs);
        if (lane.committedAtMs != Lease.NO_TIME && lane.committedAtMs > nowMs - 300_000) {
          lag = Math.max(lag, lane.lagMs);
        }
      }
    }
    return new Progress(frontier, last, lag, commits, committedAt);
  }

  ClusterState read(Set<UUID> knownFences, long nowMs) {
    List<Term> known = new ArrayList<>();
    int recent = 0;
    for (TermRow row : terms) {
      if (!knownFences.contains(fence)) {
        known.add(new Term(row.number(), row.leader(), row.startMs(), row.endMs()));
      }
      if (Set.of("silent", "lagging").contains(row.cause())
          && row.decidedAtMs() > nowMs - 3_600_000) {
        recent++;
      }
    }
    List<Patch> open = new ArrayList<>();
    for (PatchRow patch : patches) {
      if (patch.openUntilMs == INFINITY) {
        open.add(new Patch(patch.id, patch.replica, patch.startMs, patch.endMs, patch.opensAtMs));
      }
    }
    int idle = 0;
    for (Lane lane : lanes.values()) {
      idle += lane.isIdle(nowMs) ? 1 : 0;
    }
    return new ClusterState(
        id,
        tenant,
        name,
        new Lease(
            term,
            leader,
            startMs,
            sealMs,
            fence,
            new Silence(counterSeen, silenceMs, lookedAtMs),
            gapsMs,
            0),
        progress(nowMs),
        List.copyOf(sightings.values()),
        known,
        open,
        idle,
        recent,
        new PatchRun(patchedSinceMs, patchedAtMs),
        new Steering(pinned, pinnedUntilMs, Set.copyOf(drained)),
        nowMs);
  }
}
