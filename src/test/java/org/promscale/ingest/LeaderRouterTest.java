package org.promscale.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayDeque;
import java.util.ArrayList;
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
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.ClusterState;
import org.promscale.ha.Lease;
import org.promscale.ha.LeaseClaim;
import org.promscale.ha.Patch;
import org.promscale.ha.Progress;
import org.promscale.ha.Silence;
import org.promscale.ha.Standing;
import org.promscale.ha.Term;
import org.promscale.ha.Verdict;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.Samples;
import org.promscale.model.WriteBatch;

/** What the router does with a request. Cluster c1 is led by a, c2 by b; frontiers are at 100 s. */
class LeaderRouterTest {

  private final Map<String, ClusterState> clusters = new HashMap<>();
  private final List<String> stored = new ArrayList<>();
  private final List<String> filled = new ArrayList<>();
  private final List<LeaseClaim> claims = new ArrayList<>();
  private final ArrayDeque<Throwable> storeFailures = new ArrayDeque<>();
  private final ArrayDeque<Throwable> fillFailures = new ArrayDeque<>();
  private final Map<String, Long> counted = new TreeMap<>();
  private final List<Set<Long>> refreshed = new ArrayList<>();
  private final List<String> seen = new ArrayList<>();
  private final Rejections rejections = new Rejections();
  private int fencesLost;

  LeaderRouterTest() {
    clusters.put("c1", state(1, "c1", "a"));
    clusters.put("c2", state(2, "c2", "b"));
  }

  private static ClusterState state(long id, String cluster, String leader) {
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
        100_000);
  }

  /** Term 1 of the other one ended at 100 s; its samples go to 103 s. */
  private static ClusterState secondTerm(long id, String cluster, String before, String leader) {
    return new ClusterState(
        id,
        0,
        cluster,
        new Lease(2, leader, 100_000, 103_000, new UUID(1, id), Silence.UNKNOWN, List.of(), 0),
        new Progress(150_000, 150_000, 0, 5, 150_000),
        List.of(),
        List.of(
            new Term(1, before, Lease.NO_TIME, 100_000), new Term(2, leader, 100_000, Term.OPEN)),
        List.of(new Patch(9, leader, -20_000, 103_000)),
        0,
        0,
        150_000);
  }

  private void route(ReplicaBatch batch) throws Exception {
    try {
      new LeaderRouter(new Memory(), this::store, this::fill, new Ear())
          .route(batch.build(), rejections, 10)
          .toCompletableFuture()
          .get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    }
  }

  private FailureKind failureOf(ReplicaBatch batch) {
    return catchThrowableOfType(IngestFailure.class, () -> route(batch)).kind();
  }

  private CompletionStage<Void> store(WriteBatch batch, List<LeaseClaim> under, int bytes) {
    Throwable failure = storeFailures.poll();
    if (failure != null) {
      return CompletableFuture.failedFuture(failure);
    }
    stored.add(describe(batch));
    claims.addAll(under);
    return CompletableFuture.completedFuture(null);
  }

  private CompletionStage<Integer> fill(
      WriteBatch batch, org.promscale.ha.FillOrder order, int bytes) {
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

  private static String describe(WriteBatch batch) {
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

  @Test
  @DisplayName("The leader's request is stored as it is, under the cluster's fence")
  void leaderStores() throws Exception {
    route(new ReplicaBatch().samples("c1", "a", 90, 101).metadata());
    assertThat(stored).containsExactly("[90, 101] m1 of 1 series");
    assertThat(claims).containsExactly(new LeaseClaim(1, new UUID(0, 1), 101_000, 0));
    assertThat(counted).containsExactly(Map.entry("c1/a STORE", 2L));
    assertThat(seen).containsExactly("c1/a 101");
  }

  @Test
  @DisplayName("A request far behind the frontier tells its lag")
  void lag() throws Exception {
    route(new ReplicaBatch().samples("c1", "a", 60, 70));
    assertThat(claims).containsExactly(new LeaseClaim(1, new UUID(0, 1), 70_000, 30_000));
  }

  @Test
  @DisplayName("A standby's covered request is acknowledged and stores nothing")
  void standbyCovered() throws Exception {
    route(new ReplicaBatch().samples("c1", "b", 60, 70).exemplar("c1", "b", 61));
    assertThat(stored).isEmpty();
    assertThat(counted).containsExactly(Map.entry("c1/b COVERED", 3L));
    assertThat(seen).containsExactly("c1/b 70");
  }

  @Test
  @DisplayName("A standby's newer request comes back; nothing of it is stored")
  void standbyHeld() {
    assertThat(failureOf(new ReplicaBatch().samples("c1", "b", 60, 101)))
        .isEqualTo(FailureKind.HELD_BACK);
    assertThat(stored).isEmpty();
    assertThat(counted).containsExactly(Map.entry("c1/b COVERED", 1L), Map.entry("c1/b HOLD", 1L));
  }

  @Test
  @DisplayName("Metadata of a standby is stored even so")
  void standbyMetadata() throws Exception {
    route(new ReplicaBatch().samples("c1", "b", 60).metadata());
    assertThat(stored).containsExactly("[] m1 of 0 series");
  }

  @Test
  @DisplayName("Two clusters, three replicas, series of nobody: each is judged alone")
  void mixed() throws Exception {
    route(
        new ReplicaBatch()
            .samples("c1", "a", 101, 102)
            .samples("c1", "b", 50)
            .samples("c2", "a", 60, 61, 62)
            .samples("c2", "b", 103)
            .ofNobody(5)
            .histogram("c2", "b", 104)
            .exemplar("c1", "a", 99)
            .metadata());
    assertThat(stored).containsExactly("[101, 102, 103, 5] h1 e1 m1 of 5 series");
    assertThat(claims)
        .containsExactly(
            new LeaseClaim(1, new UUID(0, 1), 102_000, 0),
            new LeaseClaim(2, new UUID(0, 2), 104_000, 0));
    assertThat(counted)
        .containsExactly(
            Map.entry("c1/a STORE", 3L),
            Map.entry("c1/b COVERED", 1L),
            Map.entry("c2/a COVERED", 3L),
            Map.entry("c2/b STORE", 2L),
            Map.entry("nobody", 1L));
  }

  @Test
  @DisplayName("A mixed request stores the leader's part and comes back for the standby's")
  void mixedHeld() {
    assertThat(failureOf(new ReplicaBatch().samples("c1", "a", 101).samples("c2", "a", 102)))
        .isEqualTo(FailureKind.HELD_BACK);
    assertThat(stored).containsExactly("[101] of 1 series");
  }

  @Test
  @DisplayName("Exemplars alone claim the fence and move nothing")
  void exemplarsOnly() throws Exception {
    route(new ReplicaBatch().exemplar("c1", "a", 500));
    assertThat(stored).containsExactly("[] e1 of 1 series");
    assertThat(claims).containsExactly(new LeaseClaim(1, new UUID(0, 1), Lease.NO_TIME, 0));
    assertThat(seen).containsExactly("c1/a never");
  }

  @Test
  @DisplayName("Histograms alone are the leader's like samples")
  void histogramsOnly() throws Exception {
    route(new ReplicaBatch().histogram("c1", "a", 105));
    assertThat(stored).containsExactly("[] h1 of 1 series");
    assertThat(claims).containsExactly(new LeaseClaim(1, new UUID(0, 1), 105_000, 0));
  }

  @Test
  @DisplayName("Metadata alone needs no leader")
  void metadataOnly() throws Exception {
    route(new ReplicaBatch().metadata());
    assertThat(stored).containsExactly("[] m1 of 0 series");
    assertThat(claims).isEmpty();
    assertThat(seen).isEmpty();
  }

  @Test
  @DisplayName("The winner's request over the seam is stored after it and fills up to it")
  void seam() throws Exception {
    clusters.put("c1", secondTerm(1, "c1", "a", "b"));
    route(new ReplicaBatch().samples("c1", "b", 98, 99, 101, 102, 104, 105));
    assertThat(stored).containsExactly("[104, 105] of 1 series");
    assertThat(filled)
        .containsExactlyInAnyOrder(
            "[101, 102] of 1 series leads", "[98, 99] of 1 series patch 9 leads");
    assertThat(counted)
        .as("one of the seam's samples fitted, the others were covered")
        .containsExactly(
            Map.entry("c1/b COVERED", 3L), Map.entry("c1/b FILL", 1L), Map.entry("c1/b STORE", 2L));
  }

  @Test
  @DisplayName("The old leader waits while the winner's patch is open")
  void exLeaderWaits() {
    clusters.put("c1", secondTerm(1, "c1", "a", "b"));
    assertThat(failureOf(new ReplicaBatch().samples("c1", "a", 98, 99)))
        .isEqualTo(FailureKind.HELD_BACK);
    assertThat(filled).isEmpty();
  }

  @Test
  @DisplayName("If leadership changes under a request it is judged again, and then stored or not")
  void judgedAgain() throws Exception {
    storeFailures.add(new LeaseChanged(Set.of(1L)));
    route(new ReplicaBatch().samples("c1", "a", 101));
    assertThat(refreshed).containsExactly(Set.of(1L));
    assertThat(stored).containsExactly("[101] of 1 series");
    assertThat(fencesLost).isEqualTo(1);

    storeFailures.add(new LeaseChanged(Set.of(1L)));
    onRefresh = () -> clusters.put("c1", secondTerm(1, "c1", "a", "b"));
    assertThat(failureOf(new ReplicaBatch().samples("c1", "a", 140)))
        .as("another one leads now")
        .isEqualTo(FailureKind.HELD_BACK);
    assertThat(stored).hasSize(1);
  }

  @Test
  @DisplayName("Leadership that never rests is our trouble")
  void neverRests() {
    for (int i = 0; i < 10; i++) {
      storeFailures.add(new LeaseChanged(Set.of(1L)));
    }
    assertThat(failureOf(new ReplicaBatch().samples("c1", "a", 101)))
        .isEqualTo(FailureKind.UNAVAILABLE);
    assertThat(refreshed).hasSize(3);
  }

  @Test
  @DisplayName("Trouble of ours beats a standby's wait, which beats what can never be stored")
  void orderOfAnswers() throws Exception {
    storeFailures.add(new IngestFailure(FailureKind.UNAVAILABLE, "down"));
    assertThat(failureOf(new ReplicaBatch().samples("c1", "a", 101).samples("c2", "a", 101)))
        .isEqualTo(FailureKind.UNAVAILABLE);
    clusters.remove("c2");
    assertThat(failureOf(new ReplicaBatch().samples("c1", "b", 101).samples("c2", "a", 101)))
        .isEqualTo(FailureKind.HELD_BACK);
    assertThat(rejections.total()).as("counted when it is answered").isZero();
    route(new ReplicaBatch().samples("c1", "a", 101).samples("c2", "a", 101, 102));
    assertThat(Batches.reasons(rejections)).containsExactly("TOO_MANY_CLUSTERS 2");
    assertThat(stored).containsExactly("[101] of 1 series");
  }

  private Runnable onRefresh = () -> {};

  /** Leadership as the map of clusters says; a cluster that is not there has no room. */
  private final class Memory implements Leadership {

    @Override
    public CompletionStage<List<@Nullable Standing>> standings(
        int tenant, List<@Nullable ReplicaIdentity> replicas) {
      List<@Nullable Standing> standings = new ArrayList<>();
      for (ReplicaIdentity replica : replicas) {
        ClusterState state = replica == null ? null : clusters.get(replica.cluster());
        standings.add(
            replica == null || state == null ? null : new Standing(state, replica.replica(), true));
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
    public void judged(Standing standing, Verdict verdict, long items) {
      counted.merge(
          standing.state().cluster() + "/" + standing.replica() + " " + verdict, items, Long::sum);
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
}
