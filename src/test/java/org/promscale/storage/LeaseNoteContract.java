package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.promscale.ha.ClusterState;
import org.promscale.ha.Lease;
import org.promscale.ha.Patch;
import org.promscale.ha.Sighting;
import org.promscale.ha.Silence;
import org.promscale.ingest.LeaseStore;
import org.promscale.ingest.LeaseStore.LookNote;
import org.promscale.ingest.LeaseStore.ReplicaNote;

/** What connectors write down beside changes of leader, whatever keeps the leases. */
interface LeaseNoteContract extends LeaseStoreFixture {

  long TIMEOUT_MS = 15_000;

  /** A gap that ended with a burst of this wall time. */
  static LookNote gap(ClusterState state, long gapMs, long burstMs) {
    return new LookNote(
        state.clusterId(), state.lease().fence(), Silence.UNKNOWN, gapMs, burstMs, TIMEOUT_MS);
  }

  private void look(int connector, ClusterState seen, long millis) {
    look(connector, seen, seen.lease().fence(), millis);
  }

  private void look(int connector, ClusterState seen, UUID fence, long millis) {
    Silence silence = new Silence(seen.progress().commits(), millis, seen.nowMs());
    connector(connector)
        .note(
            List.of(),
            List.of(new LookNote(seen.clusterId(), fence, silence, 0, Lease.NO_TIME, TIMEOUT_MS)));
  }

  /** Returns the silence as whoever looks next sees it. */
  private static long nextLook(ClusterState state) {
    return Silence.look(null, state.lease().silence(), state.progress().commits(), state.nowMs())
        .millis();
  }

  @Test
  default void oneLookAddsTwoSecondsAtTheMost() {
    long id = cluster();
    commitNow(0, 0, id, T0);
    ClusterState seen = read(id);
    look(0, seen, 0);
    assertThat(read(id).lease().silence().millis()).isZero();
    pass(Duration.ofSeconds(30));
    look(1, seen, 0);
    assertThat(read(id).lease().silence().millis()).isEqualTo(2_000);
    pass(Duration.ofHours(1));
    assertThat(nextLook(read(id))).isEqualTo(4_000);
  }

  @Test
  default void whatSeveralConnectorsSeeAddsUpToWallTime() {
    long id = cluster();
    ClusterState seen = read(id);
    look(0, seen, 0);
    Silence last = read(id).lease().silence();
    for (int i = 0; i < 8; i++) {
      pass(Duration.ofSeconds(1));
      // All look at once, each has been looking for a second only.
      for (int connector = 0; connector < CONNECTORS; connector++) {
        look(connector, seen, 0);
      }
      Silence now = read(id).lease().silence();
      long passed = 1_000 + now.lookedAtMs() - last.lookedAtMs();
      assertThat(now.millis() - last.millis()).isBetween(1_000L - CONNECTORS, passed + CONNECTORS);
      last = now;
    }
    assertThat(last.counter()).isEqualTo(seen.progress().commits());
  }

  @Test
  default void silenceOfAStaleCounterIsNobodys() {
    long id = cluster();
    commitNow(0, 0, id, T0);
    ClusterState before = read(id);
    look(0, before, 10_000);
    assertThat(read(id).lease().silence().millis()).isEqualTo(10_000);
    commitNow(0, 0, id, T0 + 1);
    ClusterState after = read(id);
    assertThat(nextLook(after)).as("a commit ends it").isZero();
    look(0, after, 0);
    assertThat(read(id).lease().silence().millis()).isZero();

    look(1, before, 14_000);
    assertThat(nextLook(read(id))).as("a late look before the commit").isZero();
    look(2, after, 500);
    assertThat(read(id).lease().silence().millis()).as("what it saw itself").isEqualTo(500);
  }

  @Test
  default void notesUnderAnotherFenceMeanNothing() {
    long id = cluster();
    commitNow(0, 0, id, T0);
    ClusterState before = read(id);
    ClusterState led = lead(id, "B");
    look(0, before, 14_000);
    look(0, led, UUID.randomUUID(), 14_000);
    connector(0).note(List.of(), List.of(gap(before, 5_000, before.nowMs())));
    Lease now = read(id).lease();
    assertThat(now.silence().millis()).isZero();
    assertThat(now.gapsMs()).isEmpty();
    // The new leader's silence counts from the takeover on.
    pass(Duration.ofSeconds(1));
    look(1, led, 0);
    assertThat(read(id).lease().silence().millis()).isBetween(1_000L, 2_000L);
  }

  @Test
  default void aBurstSeenByManyEndsOneGap() throws Exception {
    long id = cluster();
    ClusterState state = read(id);
    long burst = state.nowMs() - 100_000;
    List<Callable<Integer>> lookers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      LeaseStore store = connector(i % CONNECTORS);
      long seenAt = burst + 300L * i;
      lookers.add(
          () -> {
            store.note(List.of(), List.of(gap(state, 5_000, seenAt)));
            return 0;
          });
    }
    LeaseStoreFixture.together(lookers);
    assertThat(read(id).lease().gapsMs()).containsExactly(5_000L);
    connector(1).note(List.of(), List.of(gap(state, 6_000, burst - 20_000)));
    assertThat(read(id).lease().gapsMs()).as("an older burst").containsExactly(5_000L);
    connector(1).note(List.of(), List.of(gap(state, 7_000, burst + 7_000)));
    assertThat(read(id).lease().gapsMs()).containsExactly(5_000L, 7_000L);
  }

  @Test
  default void theLastSixteenGapsAreKept() {
    long id = cluster();
    ClusterState state = read(id);
    for (int i = 1; i <= 20; i++) {
      connector(i % 2).note(List.of(), List.of(gap(state, 4_000 + i, state.nowMs() + 5_000L * i)));
      assertThat(read(id).lease().gapsMs()).hasSize(Math.min(i, 16));
    }
    assertThat(read(id).lease().gapsMs())
        .containsExactlyElementsOf(LongStream.rangeClosed(4_005, 4_020).boxed().toList());
  }

  @Test
  default void sightingsOnlyMoveForward() {
    long id = cluster();
    long other = cluster();
    note(0, new ReplicaNote(id, "A", 1_000, 10), new ReplicaNote(other, "A", 9_000, 90));
    note(1, new ReplicaNote(id, "A", 2_000, 5), new ReplicaNote(id, "B", 7_000, Lease.NO_TIME));
    note(0, new ReplicaNote(id, "A", 1_500, 20));
    assertThat(read(id).sightings())
        .containsExactlyInAnyOrder(
            new Sighting("A", 2_000, 20), new Sighting("B", 7_000, Lease.NO_TIME));
    note(0, new ReplicaNote(id, "B", 6_000, 30), new ReplicaNote(id, "A", 2_500, Lease.NO_TIME));
    assertThat(read(id).sightings())
        .containsExactlyInAnyOrder(new Sighting("A", 2_500, 20), new Sighting("B", 7_000, 30));
    assertThat(read(other).sightings()).containsExactly(new Sighting("A", 9_000, 90));
  }

  private void note(int connector, ReplicaNote... notes) {
    connector(connector).note(List.of(notes), List.of());
  }

  @Test
  default void connectorsThatNoteTheSameDoNotGetStuck() throws Exception {
    List<Long> ids = List.of(cluster(), cluster(), cluster());
    List<Callable<Integer>> noters = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      LeaseStore store = connector(i % CONNECTORS);
      boolean backwards = i % 2 == 0;
      noters.add(
          () -> {
            for (int round = 0; round < 10; round++) {
              List<ReplicaNote> notes = new ArrayList<>();
              for (int n = 0; n < 12; n++) {
                int k = backwards ? 11 - n : n;
                notes.add(new ReplicaNote(ids.get(k % 3), "r" + k / 3, round, round));
              }
              store.note(notes, List.of());
            }
            return 0;
          });
    }
    LeaseStoreFixture.together(noters);
    assertThat(read(ids.get(0)).sightings()).hasSize(4);
  }

  @Test
  default void patchStaysOpenTenSecondsAfterItsLastFill() {
    long id = cluster();
    commitNow(0, 0, id, T0 + 100_000);
    ClusterState led = lead(id, "B");
    long patch = led.openPatches().get(0).id();
    UUID fence = led.lease().fence();
    connector(1).closePatch(id, patch);
    assertThat(patches(id)).as("just opened").containsExactly(patch);
    pass(Duration.ofSeconds(8));
    assertThat(fill(0, id, fence, patch, T0 + 10_000)).isTrue();
    pass(Duration.ofSeconds(5));
    connector(1).closePatch(id, patch);
    assertThat(patches(id)).as("filled 5 s ago").containsExactly(patch);
    pass(Duration.ofSeconds(6));
    connector(1).closePatch(id, patch);
    assertThat(patches(id)).isEmpty();
    assertThat(fill(0, id, fence, patch, T0 + 50_000)).as("too late").isFalse();
    connector(1).closePatch(id, patch);
    assertThat(read(id).lease().fence()).as("no new fence for that").isEqualTo(fence);
  }

  @Test
  default void patchThatIsClosedStaysClosedWhenTheClockGoesBack() {
    long id = cluster();
    commitNow(0, 0, id, T0 + 100_000);
    ClusterState led = lead(id, "B");
    long patch = led.openPatches().get(0).id();
    pass(Duration.ofMinutes(1));
    connector(1).closePatch(id, patch);
    pass(Duration.ofMinutes(-15));
    assertThat(patches(id)).isEmpty();
    assertThat(fill(0, id, led.lease().fence(), patch, T0 + 50_000)).isFalse();
  }

  @Test
  default void fillInAFutureThatIsGoneKeepsNoPatchOpen() {
    long id = cluster();
    commitNow(0, 0, id, T0 + 100_000);
    ClusterState led = lead(id, "B");
    long patch = led.openPatches().get(0).id();
    assertThat(fill(0, id, led.lease().fence(), patch, T0 + 10_000)).isTrue();
    pass(Duration.ofMinutes(-15));
    assertThat(patches(id)).containsExactly(patch);
    connector(1).closePatch(id, patch);
    assertThat(patches(id)).isEmpty();
  }

  private List<Long> patches(long id) {
    return read(id).openPatches().stream().map(Patch::id).toList();
  }

  @Test
  default void idleLanesAreAddedUp() {
    long id = cluster();
    commitNow(0, 0, id, T0 + 500);
    commitNow(0, 1, id, T0 + 900);
    commitNow(1, 0, id, T0 + 700);
    commitNow(1, 0, id, T0 + 710);
    assertThat(read(id).idleLanes()).isZero();
    connector(0).foldLanes(id);
    assertThat(read(id).progress().commits()).isEqualTo(4);
    pass(Duration.ofMinutes(11));
    commitNow(1, 0, id, T0 + 720);
    ClusterState before = read(id);
    assertThat(before.idleLanes()).isEqualTo(2);

    connector(1).foldLanes(id);
    ClusterState folded = read(id);
    assertThat(folded.idleLanes()).isZero();
    assertThat(folded.progress().commits()).isEqualTo(5);
    assertThat(folded.progress().frontierMs()).isEqualTo(T0 + 900);
    assertThat(folded.progress().lastMs()).isEqualTo(T0 + 900);
    assertThat(folded.lease()).isEqualTo(before.lease());

    UUID fence = folded.lease().fence();
    assertThat(commit(1, 0, id, fence, T0 + 730)).as("a lane that stayed").isTrue();
    assertThat(commit(0, 0, id, fence, T0 + 950)).as("a lane that is gone").isFalse();
    assertThat(commit(0, 0, id, fence, T0 + 950)).as("it registers again").isTrue();
    assertThat(read(id).progress().commits()).isEqualTo(7);
    assertThat(read(id).progress().frontierMs()).isEqualTo(T0 + 950);
  }

  @Test
  default void takeoverKnowsWhatLanesThatAreGoneHaveStored() {
    long id = cluster();
    commitNow(0, 0, id, T0 + 900);
    pass(Duration.ofMinutes(11));
    connector(1).foldLanes(id);
    commitNow(1, 0, id, T0 + 500);
    ClusterState led = lead(id, "B");
    assertThat(led.lease().startMs()).isEqualTo(T0 + 900);
    assertThat(led.lease().sealMs()).isEqualTo(T0 + 900);
    assertThat(led.progress().commits()).isEqualTo(2);
  }
}
