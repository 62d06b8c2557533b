package org.promscale.ha;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Who stores what: the table of verdicts. */
class StandingTest {

  private static final double NEVER = Double.NEGATIVE_INFINITY;

  private record Row(
      String name, HaStates state, String replica, boolean fresh, double time, Verdict verdict) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static HaStates first() {
    return new HaStates();
  }

  /** Term 1 of a to 100, term 2 of b from there on; a's last sample was stamped 103. */
  private static HaStates second() {
    return new HaStates().past(1, "a", NEVER, 100).term(2, "b", 100, 103).frontier(150, 150);
  }

  private static HaStates patched() {
    return second().patch(5, "b", -20, 103);
  }

  private static HaStates pending() {
    return second().now(150).pendingPatch(5, "b", -20, 100, 160);
  }

  private static HaStates holed() {
    return new HaStates().term(1, "a", NEVER, 70).frontier(100, 100).patch(6, "b", 50, 70);
  }

  static Stream<Row> rows() {
    return Stream.of(
        row("the leader's sample is stored", first(), "a", 101, Verdict.STORE),
        row("however old it is, while nothing is sealed", first(), "a", -5_000, Verdict.STORE),
        row("or stamped ahead", first(), "a", 700, Verdict.STORE),
        row("a standby ahead of the frontier is held", first(), "b", 101, Verdict.HOLD),
        row("and so is one far behind it", first(), "b", -9_000, Verdict.HOLD),
        new Row("an old view holds nothing", first(), "b", false, 10, Verdict.PUSH_BACK),
        new Row("an old view stores, the fence decides", first(), "a", false, 101, Verdict.STORE),
        row("the new leader stores past the seal", second(), "b", 103.001, Verdict.STORE),
        row("and fills up to it", second(), "b", 103, Verdict.FILL),
        row("from the boundary on", second(), "b", 100.001, Verdict.FILL),
        row("before it the old leader fills", second(), "a", 100, Verdict.FILL),
        row("the new one is a standby there", second(), "b", 100, Verdict.HOLD),
        row("the old leader is a standby after it", second(), "a", 100.001, Verdict.HOLD),
        row("and near the frontier", second(), "a", 140, Verdict.HOLD),
        row("a third replica never fills", second(), "c", 50, Verdict.HOLD),
        row("in its patch the winner fills the old term", patched(), "b", 99, Verdict.PATCH),
        row("not before the patch", patched(), "b", -20, Verdict.HOLD),
        row("in the seam it fills its own term", patched(), "b", 102, Verdict.FILL),
        row("the old leader comes back later", patched(), "a", 99, Verdict.PUSH_BACK),
        row("a third replica is held", patched(), "c", 99, Verdict.HOLD),
        row("the old leader fills before the patch", patched(), "a", -21, Verdict.FILL),
        row("in a patch to come nobody waits for it", pending(), "a", 99, Verdict.FILL),
        row("but its owner does", pending(), "b", 99, Verdict.HOLD),
        row("a standby fills its patch inside the term", holed(), "b", 60, Verdict.PATCH),
        row("not after it", holed(), "b", 70.001, Verdict.HOLD),
        row("the leader comes back later there", holed(), "a", 60, Verdict.PUSH_BACK),
        row("it fills before it", holed(), "a", 40, Verdict.FILL),
        row("and stores past the seal", holed(), "a", 70.001, Verdict.STORE),
        row("a third replica is held there", holed(), "c", 60, Verdict.HOLD));
  }

  private static Row row(
      String name, HaStates state, String replica, double time, Verdict verdict) {
    return new Row(name, state, replica, true, time, verdict);
  }

  @ParameterizedTest
  @MethodSource("rows")
  @DisplayName("Verdict")
  void verdict(Row row) {
    Standing standing = new Standing(row.state().build(), row.replica(), row.fresh(), 0);
    assertThat(standing.verdict(HaStates.ms(row.time()))).isEqualTo(row.verdict());
  }

  @Test
  @DisplayName("A shared verdict is that of every sample of the stretch")
  void sharedVerdict() {
    Standing leader = new Standing(second().build(), "b", true, 0);
    assertThat(leader.sharedVerdict(103_001, 900_000)).isEqualTo(Verdict.STORE);
    assertThat(leader.sharedVerdict(103_000, 900_000)).isNull();
    Standing standby = new Standing(second().build(), "a", true, 0);
    assertThat(standby.sharedVerdict(103_001, 900_000)).isEqualTo(Verdict.HOLD);
  }
}
