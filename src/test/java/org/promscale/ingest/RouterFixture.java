package org.promscale.ingest;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.Hold;
import org.promscale.ha.Lease;
import org.promscale.ha.LeaseClaim;
import org.promscale.ha.Patch;
import org.promscale.ha.PatchRun;
import org.promscale.ha.Progress;
import org.promscale.ha.Silence;
import org.promscale.ha.Standing;
import org.promscale.ha.Steering;
import org.promscale.ha.Term;
import org.promscale.ha.Verdict;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.Samples;
import org.promscale.model.WriteBatch;

/** What a router works on. Cluster c1 is led by a, c2 by b; frontiers are at 100 s. */
abstract class RouterFixture {

  static final byte[] BODY = new byte[100];

  final Map<String, ClusterState> clusters = new HashMap<>();
  final List<String> stored = new ArrayList<>();
  final List<String> filled = new ArrayList<>();
  final List<LeaseClaim> claims = new ArrayList<>();
  final ArrayDeque<Throwable> storeFailures = new ArrayDeque<>();
  final ArrayDeque<Throwable> fillFailures = new ArrayDeque<>();
  final Map<String, Long> counted = new TreeMap<>();
  final List<Set<Long>> refreshed = new ArrayList<>();
  final List<String> seen = new ArrayList<>();
  final Rejections rejections = new Rejections();
  final List<HeldRequest> left = new ArrayList<>();
  Hold hold = new Hold(1 << 20);
  boolean fresh = true;
  int fencesLost;

  RouterFixture() {
    clusters.put("c1", state(1, "c1", "a"));
    clusters.put("c2", state(2, "c2", "b"));
  }

  static ClusterState state(long id, String cluster, String leader) {
    return new ClusterState(
        id,
        0,
        cluster,
        new Lease(
            1,
            leader,
            Lease.NO_TIME,
            Lease.NO_TIME,
            new UUID(0, id),
            Silence.UNKNOWN,
            List.of(),
            0),
        new Progress(100_000, 100_000, 0, 5, 100_000),
        List.of(),
        List.of(new Term(1, leader, Lease.NO_TIME, Term.OPEN)),
        List.of(),
        0,
        0,
        PatchRun.NONE,
        Steering.NONE,
        100_000);
  }

  /** Term 1 of the other one ended at 100 s; its samples go to 103 s. */
  static ClusterState secondTerm(long id, String cluster, String before, String leader) {
    return secondTerm(id, cluster, before, leader, 0);
  }

  /** The same; its leader fills what the other one left open from a wall time on. */
  static ClusterState secondTerm(
      long id, String cluster, String before, String leader, long opensAtMs) {
    return new ClusterState(
        id,
        0,
        cluster,
        new Lease(2, leader, 100_000, 103_000, new UUID(1, id), Silence.UNKNOWN, List.of(), 0),
        new Progress(150_000, 150_000, 0, 5, 150_000),
        List.of(),
        List.of(
            new Term(1, before, Lease.NO_TIME, 100_000), new Term(2, leader, 100_000, Term.OPEN)),
        List.of(new Patch(9, leader, -20_000, 103_000, opensAtMs)),
        0,
        0,
        PatchRun.NONE,
        Steering.NONE,
        150_000);
  }

  void route(ReplicaBatch batch) throws Exception {
    try {
      router(batch).route(batch.build(), rejections, 10, BODY).toCompletableFuture().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    }
  }

  LeaderRouter router(ReplicaBatch batch) {
    return router(batch, this::store);
  }

  LeaderRouter router(ReplicaBatch batch, SampleSink sink) {
    HeldBodies bodies = new HeldBodies((tenant, body) -> batch.build(), validator());
    return new LeaderRouter(new Memory(), sink, this::fill, hold, new NoShelf(), bodies, new Ear());
  }

  FailureKind failureOf(ReplicaBatch batch) {
    return catchThrowableOfType(IngestFailure.class, () -> route(batch)).kind();
  }

  CompletionStage<Void> store(
      WriteBatch batch, List<LeaseClaim> under, List<HeldRequest> withIt, int bytes) {
    left.addAll(withIt);
    Throwable failure = storeFailures.poll();
    if (failure != null) {
      return CompletableFuture.failedFuture(failure);
    }
    stored.add(describe(batch));
    claims.addAll(under);
    return CompletableFuture.completedFuture(null);
  }

  CompletionStage<Integer> fill(WriteBatch batch, org.promscale.ha.FillOrder order, int bytes) {
    Throwable failure = fillFailures.poll();
    if (failure != null) {
      return CompletableFuture.failedFuture(failure);
    }
    filled.add(
        describe(batch)
            + (order.patchId() > 0 ? " patch " + order.patchId() : "")
            + (order.leads() ? " leads" : ""));
    return CompletableFuture.completedFuture(order.patchId() > 0 ? 0 : 1);
  }

  static String describe(WriteBatch batch) {
    List<Long> times = new ArrayList<>();
    Samples samples = batch.samples();
    for (int i = 0; i < samples.size(); i++) {
      times.add(samples.timestampMs(i) / 1_000);
    }
    String rare =
        (batch.histograms().isEmpty() ? "" : " h" + batch.histograms().size())
            + (batch.exemplars().isEmpty() ? "" : " e" + batch.exemplars().size())
            + (batch.metadata().isEmpty() ? "" : " m" + batch.metadata().size());
    return times + rare + " of " + batch.series().size() + " series";
  }

  Runnable onRefresh = () -> {};

  /** Leadership as the map of clusters says; a cluster that is not there has no room. */
  private final class Memory implements Leadership {

    @Override
    public CompletionStage<List<@Nullable Standing>> standings(
        int tenant, List<@Nullable ReplicaIdentity> replicas) {
      List<@Nullable Standing> standings = new ArrayList<>();
      for (ReplicaIdentity replica : replicas) {
        ClusterState state = replica == null ? null : clusters.get(replica.cluster());
        standings.add(
            replica == null || state == null
                ? null
                : new Standing(state, replica.replica(), fresh, state.nowMs()));
      }
      return CompletableFuture.completedFuture(standings);
    }

    @Override
    public void saw(Standing standing, long newestMs) {
      seen.add(
          standing.state().cluster()
              + "/"
              + standing.replica()
              + " "
              + (newestMs == Lease.NO_TIME ? "never" : newestMs / 1_000));
    }

    @Override
    public LeaseClaim withWorstLag(LeaseClaim claim) {
      return claim;
    }

    @Override
    public CompletionStage<Void> refresh(Set<Long> clusterIds) {
      refreshed.add(clusterIds);
      onRefresh.run();
      return CompletableFuture.completedFuture(null);
    }
  }

  private final class Ear implements HaListener {

    @Override
    public void judged(String cluster, String replica, Verdict verdict, long items) {
      counted.merge(cluster + "/" + replica + " " + verdict, items, Long::sum);
    }

    @Override
    public void unattributed(long items) {
      counted.merge("nobody", items, Long::sum);
    }

    @Override
    public void fenceLost() {
      fencesLost++;
    }
  }

  static BatchValidator validator() {
    return new BatchValidator(
        InstantSource.system(), () -> 0, new EveryTimePrepared(), Long.MAX_VALUE / 2);
  }

  /** A shelf that only its users' transactions reach. */
  static class NoShelf implements HeldShelf {
    @Override
    public int put(Collection<HeldRequest> requests) {
      throw new AssertionError();
    }

    @Override
    public List<Shelved> take(boolean leadersOnly, long maxBytes) {
      throw new AssertionError();
    }

    @Override
    public void renew() {
      throw new AssertionError();
    }

    @Override
    public void settled(Collection<Long> ids) {
      throw new AssertionError();
    }

    @Override
    public long measure() {
      throw new AssertionError();
    }

    @Override
    public boolean hasRoom() {
      return true;
    }
  }
}
