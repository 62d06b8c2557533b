package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.Lease;
import org.promscale.ha.Patch;
import org.promscale.ha.PatchRun;
import org.promscale.ha.Settlement.PatchWish;
import org.promscale.ha.Settling;
import org.promscale.ha.Silence;
import org.promscale.ingest.LeaseStore.LookNote;

/** Patches inside a running term, whatever keeps the leases. */
interface LeasePatchContract extends LeaseStoreFixture {

  long RUN_GAP_MS = 15_000;

  /** What is read at one instant may differ by the way to the database and back. */
  long WAY_MS = 5_000;

  private boolean open(int connector, ClusterState seen, long startMs, long endMs) {
    PatchWish wish = new PatchWish("B", T0 + startMs, T0 + endMs, T0 + endMs);
    return connector(connector).openPatch(seen, wish, RUN_GAP_MS);
  }

  /** Lets time pass and closes the open patch, which nobody fills. */
  private void closeAfter(long id, Duration time) {
    pass(time);
    connector(1).closePatch(id, read(id).openPatches().get(0).id());
    assertThat(read(id).openPatches()).isEmpty();
  }

  @Test
  default void ofTwoWishesAtOnceOneIsOpened() throws Exception {
    for (int round = 0; round < 5; round++) {
      long id = cluster();
      commitNow(0, 0, id, T0 + 100_000);
      ClusterState seen = read(id);
      List<Boolean> opened =
          LeaseStoreFixture.together(
              List.of(
                  () -> open(1, seen, 10_000, 50_000),
                  () -> open(2, seen, 10_000, 50_000),
                  () -> open(3, seen, 10_000, 50_000)));
      assertThat(opened).containsOnlyOnce(true);
      ClusterState now = read(id);
      Patch patch = now.openPatches().get(0);
      assertThat(now.openPatches())
          .containsExactly(new Patch(patch.id(), "B", T0 + 10_000, T0 + 50_000, patch.opensAtMs()));
      assertThat(patch.isOpen(now.nowMs())).as("at once").isTrue();
      assertThat(patch.opensAtMs()).isLessThanOrEqualTo(now.nowMs());
    }
  }

  @Test
  default void noneIsOpenedWhileOneIs() {
    long id = cluster();
    commitNow(0, 0, id, T0 + 100_000);
    assertThat(open(0, read(id), 10_000, 20_000)).isTrue();
    pass(Duration.ofMinutes(1));
    ClusterState seen = read(id);
    assertThat(open(0, seen, 30_000, 40_000)).isFalse();
    assertThat(read(id).lease()).as("as it was").isEqualTo(seen.lease());
    assertThat(read(id).patchRun()).as("as it was").isEqualTo(seen.patchRun());
    closeAfter(id, Duration.ZERO);
    assertThat(open(0, read(id), 30_000, 40_000)).isTrue();
  }

  /** A patch is open for longer than that, unless the database's clock goes back. */
  @Test
  default void noneIsOpenedWithinFiveSecondsOfTheLast() {
    long id = cluster();
    commitNow(0, 0, id, T0 + 100_000);
    assertThat(open(0, read(id), 10_000, 20_000)).isTrue();
    closeAfter(id, Duration.ofMillis(10_500));
    pass(Duration.ofSeconds(-9));
    assertThat(open(0, read(id), 30_000, 40_000)).isFalse();
    pass(Duration.ofSeconds(5));
    assertThat(open(0, read(id), 30_000, 40_000)).isTrue();
    closeAfter(id, Duration.ofSeconds(11));
    pass(Duration.ofMinutes(-15));
    assertThat(open(0, read(id), 50_000, 60_000)).as("the last is in the future").isTrue();
  }

  @Test
  default void noneIsOpenedUnderAnotherFence() {
    long id = cluster();
    commitNow(0, 0, id, T0 + 100_000);
    ClusterState before = read(id);
    lead(id, "B");
    closeAfter(id, Duration.ofSeconds(11));
    ClusterState led = read(id);
    assertThat(open(0, before, 10_000, 20_000)).isFalse();
    assertThat(read(id).lease()).isEqualTo(led.lease());
    assertThat(read(id).openPatches()).isEmpty();
    assertThat(read(id).patchRun()).isEqualTo(PatchRun.NONE);
    assertThat(open(0, read(id), 10_000, 20_000)).isTrue();
    assertThat(open(0, led, 10_000, 20_000)).as("its own fence is new").isFalse();
  }

  @Test
  default void aPatchLeavesTheLeaderWhereItWas() {
    long id = cluster();
    commitNow(0, 0, id, T0 + 500_000);
    commitNow(1, 0, id, T0 + 400_000);
    commitNow(1, 1, id, T0 + 450_000);
    commitNow(1, 1, id, T0 + 460_000);
    ClusterState before = read(id);
    Silence silence = new Silence(before.progress().commits(), 4_000, before.nowMs());
    UUID fence = before.lease().fence();
    connector(0)
        .note(
            List.of(),
            List.of(
                LeaseNoteContract.gap(before, 5_000, 1_000_000),
                new LookNote(id, fence, silence, 0, Lease.NO_TIME, RUN_GAP_MS)));
    ClusterState seen = read(id);

    assertThat(open(2, seen, 100_000, 300_000)).isTrue();

    ClusterState now = read(id);
    assertThat(now.lease().fence()).isNotEqualTo(fence);
    assertThat(now.lease().sealMs()).isEqualTo(T0 + 300_000);
    assertThat(now.progress()).isEqualTo(seen.progress());
    assertThat(now.lease().leader()).isEqualTo("A");
    assertThat(now.lease().term()).isEqualTo(1);
    assertThat(now.lease().startMs()).isEqualTo(Lease.NO_TIME);
    assertThat(now.lease().silence()).isEqualTo(seen.lease().silence());
    assertThat(now.lease().gapsMs()).containsExactly(5_000L);
    assertThat(now.terms()).isEqualTo(seen.terms());
    assertThat(now.recentChanges()).isZero();
    for (int lane = 0; lane < 2; lane++) {
      assertThat(commit(1, lane, id, fence, T0 + 510_000)).as("the old fence").isFalse();
      assertThat(commit(1, lane, id, now.lease().fence(), T0 + 510_000)).isTrue();
    }
    assertThat(read(id).progress().commits()).isEqualTo(seen.progress().commits() + 2);
  }

  @Test
  default void whatIsLeftOfGoneLanesSurvivesAPatch() {
    long id = cluster();
    commitNow(0, 0, id, T0 + 500_000);
    pass(Duration.ofMinutes(11));
    connector(1).foldLanes(id);
    commitNow(1, 0, id, T0 + 400_000);
    ClusterState seen = read(id);
    assertThat(open(2, seen, 100_000, 300_000)).isTrue();
    assertThat(read(id).progress()).isEqualTo(seen.progress());
    assertThat(read(id).progress().frontierMs()).isEqualTo(T0 + 500_000);
  }

  @Test
  default void theSealMovesForwardOnly() {
    long id = cluster();
    commitNow(0, 0, id, T0 + 500_000);
    assertThat(open(0, read(id), 100_000, 300_000)).isTrue();
    UUID fence = read(id).lease().fence();
    closeAfter(id, Duration.ofSeconds(11));
    assertThat(open(0, read(id), 100_000, 200_000)).isTrue();
    ClusterState now = read(id);
    assertThat(now.lease().sealMs()).isEqualTo(T0 + 300_000);
    assertThat(now.lease().fence()).isNotEqualTo(fence);
    assertThat(now.openPatches().get(0).endMs()).isEqualTo(T0 + 200_000);
    assertThat(fill(0, id, fence, now.openPatches().get(0).id(), T0 + 150_000)).isFalse();
    assertThat(fill(0, id, now.lease().fence(), now.openPatches().get(0).id(), T0 + 150_000))
        .isTrue();
  }

  @Test
  default void aRunOfPatchesGoesOnWithinItsGap() {
    long id = cluster();
    commitNow(0, 0, id, T0 + 500_000);
    assertThat(read(id).patchRun()).isEqualTo(PatchRun.NONE);
    assertThat(open(0, read(id), 10_000, 20_000)).isTrue();
    PatchRun first = read(id).patchRun();
    assertThat(first.lastMs() - first.sinceMs()).isBetween(0L, 100L);
    assertThat(read(id).nowMs() - first.lastMs()).isBetween(0L, WAY_MS);

    closeAfter(id, Duration.ofMillis(10_500));
    assertThat(open(1, read(id), 20_000, 40_000)).isTrue();
    PatchRun second = read(id).patchRun();
    assertThat(second.lastMs() - second.sinceMs()).isBetween(10_500L, RUN_GAP_MS);

    closeAfter(id, Duration.ofMillis(10_500));
    assertThat(open(1, read(id), 40_000, 60_000)).isTrue();
    PatchRun third = read(id).patchRun();
    assertThat(third.lastMs() - third.sinceMs()).isBetween(21_000L, 2 * RUN_GAP_MS);

    closeAfter(id, Duration.ofMillis(10_500));
    assertThat(open(1, read(id), 30_000, 60_500)).isTrue();
    PatchRun filledUp = read(id).patchRun();
    assertThat(filledUp.lastMs() - filledUp.sinceMs())
        .as("grown by no more than its data")
        .isBetween(third.lastMs() - third.sinceMs() + 400, third.lastMs() - third.sinceMs() + 600);

    closeAfter(id, Duration.ofMillis(10_500));
    assertThat(connector(1).openPatch(read(id), new PatchWish("B", T0, T0 + 9, T0 + 9), 0))
        .isTrue();
    PatchRun untouched = read(id).patchRun();
    assertThat(untouched.lastMs() - untouched.sinceMs())
        .as("old holes")
        .isEqualTo(filledUp.lastMs() - filledUp.sinceMs());
    assertThat(read(id).nowMs() - untouched.lastMs()).as("old holes").isGreaterThan(10_000);

    closeAfter(id, Duration.ofMillis(RUN_GAP_MS + 100));
    assertThat(open(1, read(id), 70_000, 80_000)).isTrue();
    PatchRun anew = read(id).patchRun();
    assertThat(anew.lastMs() - anew.sinceMs()).isBetween(0L, 100L);
  }

  @Test
  default void aTakeoverEndsARunAndItsPatch() {
    long id = cluster();
    commitNow(0, 0, id, T0 + 500_000);
    assertThat(open(0, read(id), 10_000, 20_000)).isTrue();
    long patch = read(id).openPatches().get(0).id();
    assertThat(read(id).patchRun()).isNotEqualTo(PatchRun.NONE);
    ClusterState led = lead(id, "B");
    assertThat(led.patchRun()).isEqualTo(PatchRun.NONE);
    assertThat(led.openPatches()).singleElement().matches(p -> p.id() != patch, "another one");
    assertThat(fill(0, id, led.lease().fence(), patch, T0 + 15_000)).isFalse();
  }

  @Test
  default void aLeaderThatLivesDeliversItsRestBeforeItsSuccessorFills() {
    long id = cluster();
    commitNow(0, 0, id, T0 + 500_000);
    ClusterState seen = read(id);
    commitNow(0, 0, id, T0 + 510_000);
    LeaderChange lagging = LeaderChange.automatic("B", LeaderChange.Cause.LAGGING);
    assertThat(connector(1).takeOver(seen, lagging)).as("its commits do not stop it").isTrue();
    ClusterState led = read(id);
    assertThat(led.lease().leader()).isEqualTo("B");
    assertThat(led.lease().startMs()).isEqualTo(T0 + 510_000);
    Patch patch = led.openPatches().get(0);
    assertThat(patch.opensAtMs() - led.nowMs())
        .isBetween(Settling.LEAST_MS - WAY_MS, Settling.LEAST_MS);
    assertThat(patch.isOpen(led.nowMs())).isFalse();
    assertThat(patch.isOpen(led.nowMs() + Settling.LEAST_MS)).isTrue();

    pass(Duration.ofMillis(Settling.LEAST_MS - WAY_MS));
    connector(1).closePatch(id, patch.id());
    assertThat(read(id).openPatches()).as("not open yet").hasSize(1);
    pass(Duration.ofSeconds(9));
    connector(2).closePatch(id, patch.id());
    assertThat(read(id).openPatches()).as("open for some seconds").hasSize(1);
    assertThat(read(id).openPatches().get(0).isOpen(read(id).nowMs())).isTrue();
    closeAfter(id, Duration.ofSeconds(7));
  }
}
