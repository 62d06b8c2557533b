package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.promscale.storage.SteeredCluster.order;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.Lease;
import org.promscale.ha.Patch;
import org.promscale.ha.Settlement.PatchWish;
import org.promscale.ha.SteeringOrder;
import org.promscale.ha.SteeringOrder.Action;
import org.promscale.ha.SteeringRuling;
import org.promscale.ha.SteeringRuling.Outcome;
import org.promscale.ha.Takeover;
import org.promscale.ha.Term;
import org.promscale.ingest.LeaseSteering;
import org.promscale.ingest.LeaseStore.ReplicaNote;

/** Operators' orders, whatever keeps the leases. */
interface LeaseSteeringContract extends LeaseStoreFixture {

  long TIMEOUT_MS = 45_000;

  /** What is read at one instant may differ by the way to the database and back. */
  long LATE_MS = 10_000;

  /** Returns what a connector steers with. */
  LeaseSteering steering(int connector);

  /** A leads and has come to 100 s, B keeps up, C is far behind. */
  private long steered() {
    long id = cluster();
    commitNow(0, 0, id, T0 + 100_000);
    note(id, "A", T0 + 100_000);
    note(id, "B", T0 + 95_000);
    note(id, "C", T0 + 50_000);
    return id;
  }

  private void note(long id, String replica, long newestMs) {
    ReplicaNote note = new ReplicaNote(id, replica, read(id).nowMs(), newestMs);
    connector(0).note(List.of(note), List.of());
  }

  private static SteeringOrder forced(Action action, String replica) {
    return order(action, replica, true, null, null);
  }

  private Outcome steer(long id, SteeringOrder order) {
    return steering(0).steer(read(id), order, TIMEOUT_MS).outcome();
  }

  @Test
  default void aHandOverIsAtTheFrontier() {
    long id = steered();
    ClusterState before = read(id);
    SteeringRuling ruling = steering(1).steer(before, order(Action.HAND_OVER, "B"), TIMEOUT_MS);
    assertThat(ruling.outcome()).isEqualTo(Outcome.DONE);
    assertThat(ruling.why()).isEqualTo("B leads from now on");

    ClusterState after = read(id);
    assertThat(after.lease().leader()).isEqualTo("B");
    assertThat(after.lease().startMs()).isEqualTo(T0 + 100_000);
    assertThat(after.progress().frontierMs()).isEqualTo(T0 + 100_000);
    assertThat(after.terms())
        .containsExactly(
            new Term(1, "A", Lease.NO_TIME, T0 + 100_000),
            new Term(2, "B", T0 + 100_000, Term.OPEN));
    assertThat(after.recentChanges()).as("nobody's fault doubles no timeout").isZero();
    Patch patch = after.openPatches().get(0);
    assertThat(patch)
        .isEqualTo(
            new Patch(
                patch.id(),
                "B",
                T0 - 20_000,
                T0 + 100_000,
                after.openPatches().get(0).opensAtMs()));
    assertThat(patch.isOpen(after.nowMs())).as("the old leader delivers its rest first").isFalse();
    assertThat(patch.opensAtMs() - after.nowMs()).isBetween(20_000 - LATE_MS, 20_000L);

    assertThat(commit(0, 0, id, before.lease().fence(), T0 + 101_000)).isFalse();
    commitNow(0, 0, id, T0 + 100_500);
    assertThat(steer(id, order(Action.HAND_OVER, "B"))).as("again").isEqualTo(Outcome.DONE);
    assertThat(read(id).lease().term()).isEqualTo(2);
  }

  @Test
  default void whatIsRefusedChangesNothing() {
    long id = steered();
    ClusterState before = read(id);
    SteeringRuling late = steering(0).steer(before, order(Action.HAND_OVER, "C"), TIMEOUT_MS);
    assertThat(late.outcome()).isEqualTo(Outcome.REFUSED);
    assertThat(late.why()).startsWith("C is 50 s behind, it must be less than 20 s: wait for it");
    SteeringRuling nobody = steering(0).steer(before, order(Action.PIN, "D"), TIMEOUT_MS);
    assertThat(nobody.outcome()).isEqualTo(Outcome.UNKNOWN);
    assertThat(nobody.why()).isEqualTo("no replica D in cluster cluster, only A, B, C");
    pass(Duration.ofMillis(TIMEOUT_MS + LATE_MS));
    assertThat(steer(id, order(Action.HAND_OVER, "B"))).as("not seen").isEqualTo(Outcome.REFUSED);
    assertThat(read(id).lease()).isEqualTo(before.lease());
    assertThat(read(id).steering()).isEqualTo(before.steering());

    assertThat(steer(id, forced(Action.HAND_OVER, "C"))).isEqualTo(Outcome.DONE);
    assertThat(read(id).lease().leader()).isEqualTo("C");
  }

  @Test
  default void aPinEnds() {
    long id = steered();
    assertThat(steer(id, order(Action.PIN, "B", false, Duration.ofHours(1), null)))
        .isEqualTo(Outcome.DONE);
    ClusterState pinned = read(id);
    assertThat(pinned.lease().leader()).isEqualTo("B");
    assertThat(pinned.steering().pinned()).isEqualTo("B");
    assertThat(pinned.steering().pinnedUntilMs() - pinned.nowMs())
        .isBetween(3_600_000 - LATE_MS, 3_600_000L);
    assertThat(steer(id, order(Action.HAND_OVER, "A"))).isEqualTo(Outcome.REFUSED);
    assertThat(steer(id, forced(Action.HAND_OVER, "A"))).isEqualTo(Outcome.REFUSED);
    assertThat(steer(id, order(Action.UNPIN, "A"))).as("not pinned").isEqualTo(Outcome.REFUSED);

    pass(Duration.ofMinutes(61));
    assertThat(read(id).steering().pinnedAt(read(id).nowMs())).isNull();
    assertThat(steering(0).bringBack(read(id), "B")).as("no more").isFalse();
    note(id, "A", T0 + 100_000);
    assertThat(steer(id, order(Action.HAND_OVER, "A"))).isEqualTo(Outcome.DONE);
  }

  @Test
  default void aPinnedReplicaGetsLeadershipBackOnce() {
    long id = steered();
    assertThat(steer(id, order(Action.PIN, "A"))).isEqualTo(Outcome.DONE);
    ClusterState led = read(id);
    assertThat(led.lease().term()).as("it led already").isEqualTo(1);
    assertThat(led.steering().pinnedUntilMs()).isEqualTo(Long.MAX_VALUE);
    ClusterState lost = lead(id, "B");
    assertThat(steering(0).bringBack(led, "A")).as("on an old view").isFalse();
    assertThat(steering(0).bringBack(lost, "C")).as("not pinned").isFalse();
    assertThat(steering(0).bringBack(lost, "A")).isTrue();
    assertThat(steering(1).bringBack(lost, "A")).as("twice").isFalse();
    assertThat(read(id).lease().leader()).isEqualTo("A");
    assertThat(read(id).lease().term()).isEqualTo(3);
    assertThat(read(id).recentChanges()).as("only the silence counts").isEqualTo(1);

    assertThat(steer(id, order(Action.UNPIN, null))).isEqualTo(Outcome.DONE);
    assertThat(read(id).steering().pinned()).isNull();
    assertThat(steering(0).bringBack(lead(id, "B"), "A")).as("unpinned").isFalse();
  }

  @Test
  default void whoIsDrainedDoesNotLead() {
    long id = steered();
    note(id, "C", T0 + 99_000);
    assertThat(Takeover.candidate(read(id), TIMEOUT_MS)).contains("C");
    assertThat(steer(id, order(Action.DRAIN, "C"))).isEqualTo(Outcome.DONE);
    assertThat(read(id).steering().drained()).containsExactly("C");
    assertThat(Takeover.candidate(read(id), TIMEOUT_MS)).contains("B");
    assertThat(steer(id, order(Action.DRAIN, "A"))).as("the leader").isEqualTo(Outcome.DONE);
    assertThat(read(id).lease().leader()).isEqualTo("B");
    assertThat(read(id).steering().drained()).containsExactlyInAnyOrder("A", "C");
    assertThat(steer(id, order(Action.HAND_OVER, "A"))).isEqualTo(Outcome.REFUSED);
    assertThat(steer(id, order(Action.PIN, "A"))).isEqualTo(Outcome.REFUSED);

    pass(Duration.ofDays(2));
    connector(0).forgetReplicas(id);
    assertThat(read(id).steering().drained())
        .as("two days later")
        .containsExactlyInAnyOrder("A", "C");
    assertThat(steer(id, order(Action.UNDRAIN, "A"))).isEqualTo(Outcome.DONE);
    assertThat(read(id).steering().drained()).containsExactly("C");
    assertThat(steer(id, order(Action.DRAIN, "B"))).as("the last one").isEqualTo(Outcome.DONE);
    assertThat(read(id).lease().leader()).isEqualTo("B");
  }

  @Test
  default void anOrderOnAnOldFenceIsAConflict() {
    long id = steered();
    ClusterState seen = read(id);
    UUID fence = seen.lease().fence();
    UUID foreign = new UUID(1, 2);
    assertThat(steer(id, order(Action.DRAIN, "B", false, null, foreign)))
        .isEqualTo(Outcome.CHANGED);
    assertThat(steer(id, order(Action.HAND_OVER, "B", false, null, fence))).isEqualTo(Outcome.DONE);
    SteeringRuling again =
        steering(0).steer(read(id), order(Action.HAND_OVER, "A", true, null, fence), TIMEOUT_MS);
    assertThat(again.outcome()).isEqualTo(Outcome.CHANGED);
    assertThat(again.why())
        .contains("B leads in term 2, fence " + read(id).lease().fence() + "; look again");
    assertThat(steering(0).steer(seen, order(Action.DRAIN, "C"), TIMEOUT_MS).outcome())
        .as("on an old view")
        .isEqualTo(Outcome.CHANGED);
    assertThat(read(id).steering().drained()).isEmpty();
  }

  @Test
  default void aHandOverEndsAnOpenPatch() {
    long id = steered();
    PatchWish wish = new PatchWish("B", T0 + 10_000, T0 + 50_000, T0 + 50_000);
    ClusterState seen = read(id);
    assertThat(connector(1).openPatch(seen, wish, 15_000)).isTrue();
    long patch = read(id).openPatches().get(0).id();
    assertThat(steering(0).steer(seen, order(Action.HAND_OVER, "B"), TIMEOUT_MS).outcome())
        .as("a patch opened meanwhile changes nothing for the operator")
        .isEqualTo(Outcome.DONE);
    ClusterState led = read(id);
    assertThat(led.openPatches()).singleElement().matches(p -> p.id() != patch, "another one");
    assertThat(fill(0, id, led.lease().fence(), patch, T0 + 15_000)).isFalse();
    assertThat(led.lease().sealMs()).isEqualTo(T0 + 100_000);
  }

  @Test
  default void ofOrdersAndTakeoversAtOnceOneWins() throws Exception {
    for (int round = 0; round < 10; round++) {
      long id = steered();
      ClusterState seen = read(id);
      List<Callable<Boolean>> all = new ArrayList<>();
      for (String winner : List.of("B", "C")) {
        all.add(() -> connector(1).takeOver(seen, LeaderChange.silent(winner)));
        all.add(
            () ->
                steering(2).steer(seen, forced(Action.HAND_OVER, winner), TIMEOUT_MS).outcome()
                    == Outcome.DONE);
      }
      assertThat(LeaseStoreFixture.together(all)).containsOnlyOnce(true);
      assertThat(read(id).terms()).hasSize(2);
      assertThat(read(id).openPatches()).hasSize(1);
    }
  }

  @Test
  default void ordersAtOnceAreAllCarriedOut() throws Exception {
    long id = steered();
    ClusterState seen = read(id);
    List<Callable<Outcome>> all = new ArrayList<>();
    for (String replica : List.of("B", "C")) {
      all.add(() -> steering(1).steer(seen, order(Action.DRAIN, replica), TIMEOUT_MS).outcome());
    }
    all.add(() -> steering(2).steer(seen, order(Action.PIN, "A"), TIMEOUT_MS).outcome());
    assertThat(LeaseStoreFixture.together(all)).containsOnly(Outcome.DONE);
    assertThat(read(id).steering().drained()).containsExactlyInAnyOrder("B", "C");
    assertThat(read(id).steering().pinned()).isEqualTo("A");
    assertThat(read(id).lease()).isEqualTo(seen.lease());
  }
}
