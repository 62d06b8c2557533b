package org.promscale.ha;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.model.ReplicaIdentity;

/**
 * What becomes of held requests. Replica a leads, its frontier is at 100 s, the settle time is 20
 * s, so what is older than 80 s is due.
 */
class SettlementTest {

  private static final double NEVER = Double.NEGATIVE_INFINITY;
  private static final long NOW = 1_000_000;

  private final List<HeldRequest> held = new ArrayList<>();

  private HeldRequest held(String replica, double oldest, double newest) {
    HeldRequest request =
        new HeldRequest(
            7,
            0,
            new ReplicaIdentity("c", replica),
            new byte[10],
            HaStates.ms(oldest),
            HaStates.ms(newest),
            new HeldRequest.Arrival(Lease.NO_TIME, HaStates.ms(100)),
            3,
            Probes.NONE);
    held.add(request);
    return request;
  }

  private Settlement of(HaStates state) {
    return Settlement.of(state.build(), held, NOW);
  }

  private static HaStates first() {
    return new HaStates();
  }

  @Test
  @DisplayName("What the frontier has not passed by a settle time stays")
  void notDue() {
    held("b", 70, 80);
    held("b", 90, 101);
    Settlement settlement = of(first());
    assertThat(settlement.compare()).isEmpty();
    assertThat(settlement.letGo()).isEmpty();
    assertThat(settlement.judge()).isEmpty();
    assertThat(settlement.patch()).isEmpty();
  }

  @Test
  @DisplayName("What is due is compared, and let go five seconds after nothing was missing")
  void settles() {
    HeldRequest request = held("b", 70, 79.999);
    assertThat(of(first()).compare()).containsExactly(request);
    request.compared(false, NOW - 4_999);
    assertThat(of(first()).letGo()).isEmpty();
    request.compared(false, NOW - 5_000);
    assertThat(of(first()).letGo()).containsExactly(request);
    assertThat(of(first()).compare()).isEmpty();
  }

  @Test
  @DisplayName("An uneven leader makes everything wait for twice its lag")
  void lag() {
    held("b", 70, 79);
    assertThat(of(first().lag(25)).compare()).isEmpty();
  }

  @Test
  @DisplayName("What turns out not to be due yet is compared again when it is")
  void noLongerDue() {
    HeldRequest request = held("b", 70, 79);
    request.compared(false, NOW - 60_000);
    assertThat(of(first().lag(25)).letGo()).as("the leader has become uneven").isEmpty();
    Settlement due = of(first());
    assertThat(due.letGo()).isEmpty();
    assertThat(due.compare()).containsExactly(request);
  }

  @Test
  @DisplayName("Nothing is due before the leader has stored anything")
  void noFrontier() {
    held("b", 0, 1);
    assertThat(of(first().frontier(NEVER, NEVER)).compare()).isEmpty();
  }

  @Test
  @DisplayName("A hole keeps what is of about its time, and wishes a patch over all of its sender")
  void hole() {
    HeldRequest clean = held("b", 60, 65);
    clean.compared(false, NOW - 60_000);
    held("b", 66, 70).compared(true, NOW);
    held("b", 71, 79);
    held("b", 81, 90);
    held("c", 50, 61).compared(false, NOW - 60_000);
    HeldRequest older = held("c", 50, 60.999);
    older.compared(false, NOW - 60_000);
    Settlement settlement = of(first());
    assertThat(settlement.letGo()).containsExactly(older);
    assertThat(settlement.patch()).contains(new Settlement.PatchWish("b", 55_000, 79_000, 70_000));
  }

  @Test
  @DisplayName("What was tested in an earlier patch and is clean since lies in no further one")
  void testedAndClean() {
    HeldRequest tested = held("b", 40, 50);
    tested.compared(false, NOW - 1_000);
    held("b", 66, 70).compared(true, NOW);
    assertThat(of(first()).patch()).contains(new Settlement.PatchWish("b", 35_000, 70_000, 70_000));
    tested.judged(first().build().lease(), 8);
    assertThat(of(first()).patch())
        .as("not compared since")
        .contains(new Settlement.PatchWish("b", 35_000, 70_000, 70_000));
    tested.compared(false, NOW - 1_000);
    assertThat(of(first()).patch()).contains(new Settlement.PatchWish("b", 61_000, 70_000, 70_000));
    held("c", 54, 60).compared(true, NOW);
    assertThat(of(first()).patch())
        .as("near a hole")
        .contains(new Settlement.PatchWish("b", 35_000, 70_000, 70_000));
  }

  /** Some of it is stamped far ahead of its arrival. */
  private HeldRequest ahead(String replica, double oldest, double due) {
    HeldRequest request =
        new HeldRequest(
            7,
            0,
            new ReplicaIdentity("c", replica),
            new byte[10],
            HaStates.ms(oldest),
            400_000,
            new HeldRequest.Arrival(HaStates.ms(due), Lease.NO_TIME),
            3,
            Probes.NONE);
    held.add(request);
    return request;
  }

  @Test
  @DisplayName("A patch never reaches what is not due")
  void patchEndsBeforeTheFrontier() {
    ahead("b", 60, 70).compared(true, NOW);
    assertThat(of(first()).patch()).contains(new Settlement.PatchWish("b", 55_000, 79_999, 79_999));
  }

  @Test
  @DisplayName("What is stamped ahead is near the holes of when it came, and of no time since")
  void stampedAheadOfHoles() {
    HeldRequest clean = ahead("b", 40, 50);
    clean.compared(false, NOW - 60_000);
    held("c", 60, 70).compared(true, NOW);
    assertThat(of(first()).letGo()).containsExactly(clean);
  }

  @Test
  @DisplayName("A hole of what is stamped ahead keeps what is of when it came, and nothing later")
  void holeOfWhatIsStampedAhead() {
    ahead("b", 40, 50).compared(true, NOW);
    HeldRequest near = held("c", 54, 60);
    near.compared(false, NOW - 60_000);
    HeldRequest later = held("c", 60, 70);
    later.compared(false, NOW - 60_000);
    assertThat(of(first()).letGo()).containsExactly(later);
  }

  @Test
  @DisplayName("No patch in a term's first settle time, nor while one is open, nor too soon")
  void patchHasToWait() {
    held("b", 86, 87).compared(true, NOW);
    assertThat(of(first().term(2, "a", 85, 85).frontier(108, 108)).patch()).isPresent();
    assertThat(of(first().term(2, "a", 88, 88).frontier(108, 108)).patch()).isEmpty();
    assertThat(of(first().frontier(108, 108).patch(9, "c", 10, 20)).patch()).isEmpty();
    assertThat(of(first().frontier(108, 108).pendingPatch(9, "c", 10, 20, 200)).patch()).isEmpty();
    assertThat(of(first().frontier(108, 108).now(105).patchRun(90, 100.001)).patch()).isEmpty();
    assertThat(of(first().frontier(108, 108).now(105).patchRun(90, 100)).patch()).isPresent();
    assertThat(of(first().frontier(108, 108).now(105).patchRun(90, 200)).patch())
        .as("the clock went back")
        .isPresent();
  }

  @Test
  @DisplayName("In an open patch everything due of its owner is judged once, others wait")
  void openPatch() {
    HeldRequest mine = held("b", 60, 70);
    mine.compared(false, NOW - 60_000);
    HeldRequest other = held("c", 60, 70);
    other.compared(true, NOW);
    held("b", 75, 90);
    HaStates patched = first().patch(9, "b", 50, 79);
    assertThat(of(patched).judge()).containsExactly(mine);
    assertThat(of(patched).letGo()).isEmpty();
    mine.judged(first().build().lease(), 9);
    assertThat(of(patched).judge()).isEmpty();
    assertThat(of(first()).compare()).as("afterwards").contains(mine, other);
  }

  @Test
  @DisplayName("What is held of the leader is judged at once, and once in its term")
  void takeover() {
    HeldRequest request = held("a", 95, 104);
    assertThat(of(first()).judge()).containsExactly(request);
    request.judged(first().build().lease(), 0);
    assertThat(of(first()).judge()).isEmpty();
    UUID other = new UUID(0, 2);
    assertThat(of(first().fence(other).term(1, "a", NEVER, 80)).judge())
        .as("a patch has moved the seal")
        .isEmpty();
    assertThat(of(first().fence(other).term(3, "a", 90, 90)).judge())
        .as("it leads again")
        .containsExactly(request);
    assertThat(of(first().fence(other).term(1, "a", 90, 90)).judge())
        .as("the database has lost the term")
        .containsExactly(request);
    request.judged(first().term(1, "a", NEVER, 80).build().lease(), 0);
    assertThat(of(first()).judge()).as("the database has lost the patch").containsExactly(request);
  }

  @Test
  @DisplayName("What is held of the leader settles between patches that follow on each other")
  void leaderSettlesBetweenPatches() {
    HeldRequest request = held("a", 20, 78);
    request.judged(first().build().lease(), 0);
    request.compared(false, NOW - 16_000);
    HaStates sealed = first().fence(new UUID(0, 2)).term(1, "a", NEVER, 79);
    assertThat(of(sealed.patch(9, "b", 60, 79)).letGo()).isEmpty();
    HaStates closed = first().fence(new UUID(0, 2)).term(1, "a", NEVER, 79);
    assertThat(of(closed).letGo()).containsExactly(request);
  }

  @Test
  @DisplayName("The leader's waits for a patch that somebody else fills")
  void leaderWaits() {
    HeldRequest request = held("a", 60, 70);
    assertThat(of(first().patch(9, "b", 50, 79)).judge()).isEmpty();
    assertThat(of(first()).judge()).containsExactly(request);
  }

  @Test
  @DisplayName("After a hand-over it is judged at once past the boundary, and again in the patch")
  void handOver() {
    HeldRequest request = held("b", 95, 104);
    HaStates pending =
        new HaStates()
            .past(1, "a", NEVER, 100)
            .term(2, "b", 100, 100)
            .now(105)
            .pendingPatch(9, "b", -20, 100, 125);
    assertThat(of(pending).judge()).containsExactly(request);
    request.judged(pending.build().lease(), 0);
    assertThat(of(pending).judge()).isEmpty();
    assertThat(of(pending.now(125)).judge()).containsExactly(request);
  }

  @Test
  @DisplayName("What is on its way is left alone")
  void busy() {
    held("a", 60, 70).setBusy(true);
    Settlement settlement = of(first());
    assertThat(settlement.judge()).isEmpty();
    assertThat(settlement.patch()).isEqualTo(Optional.empty());
  }
}
