package org.promscale.ha;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.ha.SteeringOrder.Action;
import org.promscale.ha.SteeringRuling.Outcome;

/** Which orders are carried out: a leads at 100, now is 105, the timeout is 45 s. */
class SteeringRulesTest {

  private static final double NEVER = Double.NEGATIVE_INFINITY;
  private static final long TIMEOUT_MS = 45_000;

  /**
   * A row.
   *
   * @param winner who leads through it, null if nothing changes
   * @param says part of the sentence
   */
  private record Row(
      String name,
      HaStates state,
      SteeringOrder order,
      Outcome outcome,
      @Nullable String winner,
      String says) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Row> handOvers() {
    return Stream.of(
        done("to a standby that keeps up", two(), handOver("b"), "b"),
        done("just not too far behind", seen("b", 104, 80.001), handOver("b"), "b"),
        refused(
            "a settle time behind", seen("b", 104, 80), handOver("b"), "b is 20 s behind, it must"),
        done("a settle time behind, by force", seen("b", 104, 80), force(handOver("b")), "b"),
        done(
            "by what lies between two requests of a slow sender",
            seen("b", 104, 41).gaps(60_000L, 60_000L, 60_000L, 60_000L),
            handOver("b"),
            "b"),
        done("further where shards are uneven", seen("b", 104, 50).lag(30), handOver("b"), "b"),
        refused(
            "not seen for the timeout",
            seen("b", 60, 99),
            handOver("b"),
            "b was last seen 45 s ago, it must have been within 45 s: wait for it, or send"),
        done("not seen, by force", seen("b", 60, 99), force(handOver("b")), "b"),
        refused(
            "that sent no samples", seen("b", 104, NEVER), handOver("b"), "has sent no samples"),
        done(
            "from a leader that never committed",
            seen("b", 104, 20).frontier(NEVER, NEVER),
            handOver("b"),
            "b"),
        done("to the leader", two(), handOver("a"), null),
        unknown("to nobody", two(), handOver("c"), "no replica c in cluster c, only a, b"),
        unknown("to nobody by force", two(), force(handOver("c")), "no replica c"),
        refused(
            "to a drained one",
            two().steering(drained("b")),
            handOver("b"),
            "b is drained: undrain"),
        done("to a drained one by force", two().steering(drained("b")), force(handOver("b")), "b"),
        refused(
            "while another one is pinned",
            two().steering(pinned("a", Long.MAX_VALUE)),
            force(handOver("b")),
            "a is pinned and would get leadership back"),
        done(
            "after the pin of another one has ended",
            two().steering(pinned("a", 105_000)),
            handOver("b"),
            "b"),
        done("to the pinned one", two().steering(pinned("b", 106_000)), handOver("b"), "b"));
  }

  static Stream<Row> pins() {
    return Stream.of(
        done("the leader", two(), order(Action.PIN, "a"), null),
        done("a standby", two(), order(Action.PIN, "b"), "b"),
        done("instead of another one", two().steering(pinned("a", 106_000)), pin("b"), "b"),
        refused("a standby that is behind", seen("b", 104, 80), pin("b"), "20 s behind"),
        done("a standby that is behind, by force", seen("b", 104, 80), force(pin("b")), "b"),
        refused("a drained one", two().steering(drained("b")), force(pin("b")), "undrain it"),
        done("for an hour", two(), pinFor("b", Duration.ofHours(1)), "b"),
        refused(
            "until what has passed", two(), pinUntil("b", 105), "ended at 1970-01-01T00:01:45Z"),
        done("until what has not", two(), pinUntil("b", 105.001), "b"),
        unknown("nobody", two(), pin("c"), "no replica c"));
  }

  static Stream<Row> unpins() {
    return Stream.of(
        done(
            "whoever it is", two().steering(pinned("b", 106_000)), order(Action.UNPIN, null), null),
        done(
            "the pinned one", two().steering(pinned("b", 106_000)), order(Action.UNPIN, "b"), null),
        refused(
            "another one",
            two().steering(pinned("b", 106_000)),
            order(Action.UNPIN, "a"),
            "not a is pinned, but b"),
        done("nobody", two(), order(Action.UNPIN, null), null));
  }

  static Stream<Row> drains() {
    return Stream.of(
        done("a standby", two(), order(Action.DRAIN, "b"), null),
        done("the leader", two(), order(Action.DRAIN, "a"), "b"),
        done(
            "the leader: to the one furthest",
            two().seen("c", 104, 102),
            order(Action.DRAIN, "a"),
            "c"),
        done(
            "the leader: not to a drained one",
            two().seen("c", 104, 102).steering(drained("c")),
            order(Action.DRAIN, "a"),
            "b"),
        done("the last one that lives", seen("b", 60, 99), order(Action.DRAIN, "a"), null),
        done(
            "the last one that is not drained",
            two().steering(drained("b")),
            order(Action.DRAIN, "a"),
            null),
        refused(
            "the leader while the other one is behind",
            seen("b", 104, 70),
            order(Action.DRAIN, "a"),
            "nobody can take over from a: b is 30 s behind"),
        done(
            "the leader while the other one is behind, by force",
            seen("b", 104, 70),
            force(order(Action.DRAIN, "a")),
            "b"),
        refused(
            "the pinned one",
            two().steering(pinned("a", 106_000)),
            force(order(Action.DRAIN, "a")),
            "a is pinned: unpin it first"),
        done("take it back", two().steering(drained("a")), order(Action.UNDRAIN, "a"), null),
        unknown("nobody", two(), order(Action.DRAIN, "c"), "no replica c"),
        refused("without a name", two(), order(Action.DRAIN, null), "drain needs the name"));
  }

  @ParameterizedTest(name = "hand over {0}")
  @MethodSource
  void handOvers(Row row) {
    judge(row, LeaderChange.Cause.HANDED_OVER);
  }

  @ParameterizedTest(name = "pin {0}")
  @MethodSource
  void pins(Row row) {
    judge(row, LeaderChange.Cause.PINNED);
  }

  @ParameterizedTest(name = "unpin {0}")
  @MethodSource
  void unpins(Row row) {
    judge(row, LeaderChange.Cause.PINNED);
  }

  @ParameterizedTest(name = "drain {0}")
  @MethodSource
  void drains(Row row) {
    judge(row, LeaderChange.Cause.DRAINED);
  }

  private static void judge(Row row, LeaderChange.Cause cause) {
    ClusterState state = row.state().build();
    SteeringRuling ruling = SteeringRules.rule(state.lease(), state, row.order(), TIMEOUT_MS);
    assertThat(ruling.outcome()).as(ruling.why()).isEqualTo(row.outcome());
    assertThat(ruling.why()).contains(row.says());
    assertThat(ruling.change())
        .isEqualTo(
            row.winner() == null ? null : new LeaderChange(row.winner(), cause, "me", "because"));
  }

  private static HaStates two() {
    return seen("b", 104, 99);
  }

  private static HaStates seen(String replica, double at, double newest) {
    return new HaStates().seen("a", 105, 100).seen(replica, at, newest);
  }

  private static Steering drained(String replica) {
    return new Steering(null, Long.MAX_VALUE, Set.of(replica));
  }

  private static Steering pinned(String replica, long untilMs) {
    return new Steering(replica, untilMs, Set.of());
  }

  private static SteeringOrder order(Action action, @Nullable String replica) {
    return new SteeringOrder(action, replica, false, null, null, null, "me", "because");
  }

  private static SteeringOrder handOver(String replica) {
    return order(Action.HAND_OVER, replica);
  }

  private static SteeringOrder pin(String replica) {
    return order(Action.PIN, replica);
  }

  private static SteeringOrder pinFor(String replica, Duration length) {
    return new SteeringOrder(Action.PIN, replica, false, length, null, null, "me", "because");
  }

  private static SteeringOrder pinUntil(String replica, double end) {
    Instant at = Instant.ofEpochMilli(HaStates.ms(end));
    return new SteeringOrder(Action.PIN, replica, false, null, at, null, "me", "because");
  }

  private static SteeringOrder force(SteeringOrder order) {
    return new SteeringOrder(
        order.action(), order.replica(), true, null, null, null, order.actor(), order.reason());
  }

  private static Row done(
      String name, HaStates state, SteeringOrder order, @Nullable String winner) {
    return new Row(name, state, order, Outcome.DONE, winner, "");
  }

  private static Row refused(String name, HaStates state, SteeringOrder order, String says) {
    return new Row(name, state, order, Outcome.REFUSED, null, says);
  }

  private static Row unknown(String name, HaStates state, SteeringOrder order, String says) {
    return new Row(name, state, order, Outcome.UNKNOWN, null, says);
  }
}
