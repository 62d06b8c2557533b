package org.promscale.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.Lease;
import org.promscale.ha.LeaseClaim;

/** What the router does with a request. */
class LeaderRouterTest extends RouterFixture {

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
            Map.entry("c1/b HOLD", 1L),
            Map.entry("c2/a HOLD", 3L),
            Map.entry("c2/b STORE", 2L),
            Map.entry("nobody", 1L));
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
        .containsExactly("[98, 99] of 1 series patch 9 leads", "[101, 102] of 1 series leads");
    assertThat(counted)
        .as("one of the seam's samples fitted, the others were covered")
        .containsExactly(
            Map.entry("c1/b COVERED", 3L), Map.entry("c1/b FILL", 1L), Map.entry("c1/b STORE", 2L));
  }

  @Test
  @DisplayName("What is filled is a neighbour for what comes after it, so that waits for it")
  void patchFirst() {
    clusters.put("c1", secondTerm(1, "c1", "a", "b"));
    fillFailures.add(new IngestFailure(FailureKind.UNAVAILABLE, "not now"));
    assertThat(failureOf(new ReplicaBatch().samples("c1", "b", 98, 99, 101, 102)))
        .isEqualTo(FailureKind.UNAVAILABLE);
    assertThat(filled).isEmpty();
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
    route(new ReplicaBatch().samples("c1", "a", 140));
    assertThat(stored).as("another one leads now").hasSize(1);
    assertThat(hold.of(1)).hasSize(1);
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
    fresh = false;
    assertThat(failureOf(new ReplicaBatch().samples("c1", "b", 101).samples("c2", "a", 101)))
        .isEqualTo(FailureKind.HELD_BACK);
    assertThat(rejections.total()).as("counted when it is answered").isZero();
    route(new ReplicaBatch().samples("c1", "a", 101).samples("c2", "a", 101, 102));
    assertThat(Batches.reasons(rejections)).containsExactly("TOO_MANY_CLUSTERS 2");
    assertThat(stored).containsExactly("[101] of 1 series");
  }
}
