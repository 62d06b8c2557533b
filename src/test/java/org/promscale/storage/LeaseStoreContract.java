package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.Lease;
import org.promscale.ha.Patch;
import org.promscale.ha.Sighting;
import org.promscale.ha.Term;
import org.promscale.ingest.LeaseStore;

/** Elections, readings and changes of leader, whatever keeps the leases. */
interface LeaseStoreContract extends LeaseStoreFixture {

  long NO_TIME = Lease.NO_TIME;

  @Test
  default void whoComesFirstLeads() {
    int tenant = tenant();
    long id = connector(0).elect(tenant, "c", "A", 10).orElseThrow();
    assertThat(connector(1).elect(tenant, "c", "B", 10)).hasValue(id);
    assertThat(connector(0).elect(tenant, "c", "B", 10)).hasValue(id);
    ClusterState state = read(id);
    assertThat(state.tenant()).isEqualTo(tenant);
    assertThat(state.cluster()).isEqualTo("c");
    assertThat(state.lease().leader()).isEqualTo("A");
    assertThat(state.lease().term()).isEqualTo(1);
    assertThat(state.lease().startMs()).isEqualTo(NO_TIME);
    assertThat(state.lease().sealMs()).isEqualTo(NO_TIME);
    assertThat(state.progress().frontierMs()).isEqualTo(NO_TIME);
    assertThat(state.progress().commits()).isZero();
    assertThat(state.terms()).containsExactly(new Term(1, "A", NO_TIME, Term.OPEN));
    assertThat(state.openPatches()).isEmpty();
    assertThat(state.recentChanges()).isZero();
  }

  @Test
  default void manyElectorsAtOnceAgreeOnOneLeader() throws Exception {
    int tenant = tenant();
    List<Callable<Optional<Long>>> electors = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      LeaseStore store = connector(i % CONNECTORS);
      String replica = "replica-" + i;
      electors.add(() -> store.elect(tenant, "c", replica, 10));
    }
    List<Optional<Long>> elected = LeaseStoreFixture.together(electors);
    assertThat(elected).doesNotContain(Optional.empty()).containsOnly(elected.get(0));
    ClusterState state = read(elected.get(0).orElseThrow());
    assertThat(state.terms())
        .containsExactly(new Term(1, state.lease().leader(), NO_TIME, Term.OPEN));
    assertThat(state.lease().leader()).startsWith("replica-");
    for (int i = 0; i < CONNECTORS; i++) {
      assertThat(ofTenant(i, tenant))
          .singleElement()
          .satisfies(s -> assertThat(s.lease()).isEqualTo(state.lease()));
    }
  }

  private List<ClusterState> ofTenant(int connector, int tenant) {
    return connector(connector).readAll(Set.of()).stream()
        .filter(s -> s.tenant() == tenant)
        .toList();
  }

  @Test
  default void clustersAreCountedExactly() throws Exception {
    int tenant = tenant();
    List<Callable<Optional<Long>>> electors = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      LeaseStore store = connector(i % CONNECTORS);
      String cluster = "cluster-" + i;
      electors.add(() -> store.elect(tenant, cluster, "A", 5));
    }
    List<Optional<Long>> elected = LeaseStoreFixture.together(electors);
    assertThat(elected.stream().filter(Optional::isPresent)).hasSize(5);
    List<ClusterState> known = ofTenant(0, tenant);
    assertThat(known).hasSize(5);
    assertThat(connector(0).elect(tenant, "one more", "A", 5)).isEmpty();
    for (ClusterState state : known) {
      assertThat(connector(2).elect(tenant, state.cluster(), "B", 5))
          .as("a known cluster, limit reached")
          .hasValue(state.clusterId());
    }
    assertThat(connector(0).elect(tenant(), "one more", "A", 5)).as("another tenant").isPresent();
  }

  @Test
  default void namesOfEveryKindSurvive() {
    int tenant = tenant();
    List<String> names =
        List.of(
            "é".repeat(512),
            "x".repeat(1_024),
            "it's \"quoted\" \\ and {braces, too}",
            "'; DROP TABLE _prom_catalog.ha_lease; --",
            "line\nbreak\tand tab",
            "\u540d\u524d \ud83d\ude00",
            "NULL",
            "e\u0301",
            " ");
    Map<String, Long> ids = new TreeMap<>();
    for (String name : names) {
      long id = connector(0).elect(tenant, name, name, 100).orElseThrow();
      ids.put(name, id);
      assertThat(connector(1).elect(tenant, name, "other", 100)).hasValue(id);
      connector(1).note(List.of(new LeaseStore.ReplicaNote(id, name, T0, T0)), List.of());
      ClusterState led = lead(id, "B");
      assertThat(led.cluster()).isEqualTo(name);
      assertThat(led.terms().get(0).leader()).isEqualTo(name);
      assertThat(led.sightings()).containsExactly(new Sighting(name, T0, T0));
    }
    assertThat(ids.values()).doesNotHaveDuplicates().hasSize(names.size());
  }

  @Test
  default void termsAreLeftOutWhereTheyAreKnown() {
    long one = cluster();
    long other = cluster();
    Set<java.util.UUID> known = Set.of(read(one).lease().fence());
    assertThat(termsIn(connector(0).readAll(known), one)).isEmpty();
    assertThat(termsIn(connector(0).readAll(known), other)).hasSize(1);
    lead(one, "B");
    assertThat(termsIn(connector(0).readAll(known), one)).as("another fence").hasSize(2);
  }

  private static List<Term> termsIn(List<ClusterState> states, long id) {
    return states.stream().filter(s -> s.clusterId() == id).findFirst().orElseThrow().terms();
  }

  @Test
  default void progressIsThatOfAllLanes() {
    long id = cluster();
    commitNow(0, 0, id, T0 + 500);
    commitNow(1, 0, id, T0 + 100);
    commitNow(1, 1, id, T0 + 300);
    commitNow(0, 0, id, T0 + 400);
    ClusterState state = read(id);
    assertThat(state.progress().frontierMs()).isEqualTo(T0 + 500);
    assertThat(state.progress().lastMs()).isEqualTo(T0 + 500);
    assertThat(state.progress().commits()).isEqualTo(4);
    assertThat(state.nowMs() - state.progress().committedAtMs()).isBetween(0L, 10_000L);
    assertThat(commit(0, 0, id, java.util.UUID.randomUUID(), T0 + 900)).isFalse();
    assertThat(read(id).progress()).isEqualTo(state.progress());
  }

  @Test
  default void frontierIsClampedAndLastIsExact() {
    long id = cluster();
    long before = read(id).nowMs();
    long ahead = before + 300_000;
    commitNow(0, 0, id, ahead);
    ClusterState state = read(id);
    assertThat(state.progress().frontierMs()).isBetween(before + 5_000, state.nowMs() + 5_000);
    assertThat(state.progress().lastMs()).isEqualTo(ahead);
  }

  @Test
  default void takeoverEndsTheTermAtTheFrontier() {
    long id = cluster();
    commitNow(0, 0, id, T0 + 90_000);
    commitNow(1, 0, id, T0 + 100_000);
    long ahead = read(id).nowMs() + 60_000;
    commitNow(1, 1, id, ahead);
    connector(0).note(List.of(), List.of(LeaseNoteContract.gap(read(id), 5_000, 1_000_000)));
    ClusterState seen = read(id);
    long boundary = seen.progress().frontierMs();
    assertThat(boundary).isLessThan(ahead);
    assertThat(seen.lease().gapsMs()).hasSize(1);

    assertThat(connector(2).takeOver(seen, LeaderChange.silent("B"))).isTrue();

    ClusterState now = read(id);
    assertThat(now.lease().term()).isEqualTo(2);
    assertThat(now.lease().leader()).isEqualTo("B");
    assertThat(now.lease().startMs()).isEqualTo(boundary);
    assertThat(now.lease().sealMs()).isEqualTo(ahead);
    assertThat(now.lease().fence()).isNotEqualTo(seen.lease().fence());
    assertThat(now.lease().silence().millis()).isZero();
    assertThat(now.lease().silence().counter()).isEqualTo(seen.progress().commits());
    assertThat(now.lease().gapsMs()).isEmpty();
    assertThat(now.progress().frontierMs()).isEqualTo(boundary);
    assertThat(now.progress().lastMs()).isEqualTo(boundary);
    assertThat(now.progress().lagMs()).isZero();
    assertThat(now.progress().commits()).isEqualTo(seen.progress().commits());
    assertThat(now.progress().committedAtMs()).isEqualTo(NO_TIME);
    assertThat(now.recentChanges()).isEqualTo(1);
    assertThat(now.terms())
        .containsExactly(
            new Term(1, "A", NO_TIME, boundary), new Term(2, "B", boundary, Term.OPEN));
    Patch patch = now.openPatches().get(0);
    assertThat(now.openPatches())
        .containsExactly(
            new Patch(patch.id(), "B", boundary - 120_000, boundary, patch.opensAtMs()));
    assertThat(patch.isOpen(now.nowMs())).isTrue();

    for (int lane = 0; lane < 2; lane++) {
      assertThat(commit(1, lane, id, seen.lease().fence(), T0 + 200_000)).isFalse();
      assertThat(commit(1, lane, id, now.lease().fence(), ahead + 1)).isTrue();
    }
    assertThat(commit(0, 5, id, seen.lease().fence(), T0 + 200_000)).as("a new lane").isFalse();
    assertThat(commit(0, 6, id, now.lease().fence(), ahead + 1)).as("a new lane").isTrue();
  }

  @Test
  default void termsPartitionTimeAndOnlyTheLastPatchIsOpen() {
    long id = cluster();
    List<Term> expected = new ArrayList<>();
    long start = NO_TIME;
    for (int i = 1; i <= 5; i++) {
      ClusterState state = read(id);
      commitNow(i % 2, i % 3, id, T0 + 100_000L * i - 60_000L * (i % 2));
      expected.add(new Term(i, state.lease().leader(), start, read(id).progress().frontierMs()));
      start = read(id).progress().frontierMs();
      ClusterState led = lead(id, "replica-" + i);
      assertThat(led.openPatches())
          .singleElement()
          .satisfies(p -> assertThat(p.replica()).isEqualTo(led.lease().leader()));
      assertThat(led.lease().sealMs()).isGreaterThanOrEqualTo(state.lease().sealMs());
    }
    expected.add(new Term(6, "replica-5", start, Term.OPEN));
    assertThat(read(id).terms()).containsExactlyElementsOf(expected);
  }

  @Test
  default void leaderThatNeverCommittedHasAnEmptyTerm() {
    long id = cluster();
    ClusterState first = lead(id, "B");
    assertThat(first.terms())
        .containsExactly(new Term(1, "A", NO_TIME, NO_TIME), new Term(2, "B", NO_TIME, Term.OPEN));
    assertThat(first.openPatches()).as("nobody has stored anything").isEmpty();
    commitNow(0, 0, id, T0);
    lead(id, "C");
    ClusterState third = lead(id, "A");
    assertThat(third.terms().get(2)).isEqualTo(new Term(3, "C", T0, T0));
    assertThat(third.terms().get(2).holds(T0) || third.terms().get(2).holds(T0 + 1)).isFalse();
    assertThat(third.lease().startMs()).isEqualTo(T0);
  }

  @Test
  default void staleWishChangesNothing() {
    long id = cluster();
    commitNow(0, 0, id, T0);
    ClusterState beforeCommit = read(id);
    commitNow(0, 0, id, T0 + 1);
    ClusterState now = read(id);
    assertThat(connector(0).takeOver(beforeCommit, LeaderChange.silent("B")))
        .as("it commits")
        .isFalse();
    assertThat(read(id).lease()).isEqualTo(now.lease());
    assertThat(read(id).terms()).isEqualTo(now.terms());
    assertThat(commit(0, 0, id, now.lease().fence(), T0 + 2)).isTrue();

    ClusterState beforeTakeover = read(id);
    ClusterState led = lead(id, "B");
    assertThat(connector(0).takeOver(beforeTakeover, LeaderChange.silent("C")))
        .as("old fence")
        .isFalse();
    assertThat(connector(0).takeOver(beforeTakeover, LeaderChange.silent("B")))
        .as("old fence")
        .isFalse();
    assertThat(read(id).lease()).isEqualTo(led.lease());
    assertThat(read(id).terms()).isEqualTo(led.terms());
    assertThat(read(id).openPatches()).isEqualTo(led.openPatches());
  }

  @Test
  default void ofTwoTakeoversOneWinsAndTheOtherAdopts() throws Exception {
    long id = cluster();
    for (int round = 1; round <= 10; round++) {
      commitNow(0, 0, id, T0 + 1_000L * round);
      ClusterState seen = read(id);
      String left = "left-" + round;
      String right = "right-" + round;
      List<Boolean> won =
          LeaseStoreFixture.together(
              List.of(
                  () -> connector(1).takeOver(seen, LeaderChange.silent(left)),
                  () -> connector(2).takeOver(seen, LeaderChange.silent(right))));
      ClusterState now = read(id);
      assertThat(won).containsOnlyOnce(true);
      assertThat(now.lease().leader()).isEqualTo(won.get(0) ? left : right);
      assertThat(now.lease().term()).isEqualTo(round + 1);
      assertThat(now.terms()).hasSize(round + 1);
      assertThat(now.openPatches()).hasSize(1);
    }
  }
}
