package org.promscale.ha;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.ha.LeaderChange.Cause;

/** What pins and drains change about the changes that nobody asks for; a leads at 100. */
class SteeredTakeoverTest {

  private static final long TIMEOUT_MS = 15_000;
  private static final Steering PINNED = new Steering("a", Long.MAX_VALUE, Set.of());

  private record Row(String name, HaStates state, boolean silent, @Nullable LeaderChange change) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Row> rows() {
    return Stream.of(
        new Row("silence moves leadership", standbys(), true, to("c", Cause.SILENT)),
        new Row("not to a drained replica", standbys().steering(drained("c")), true, silent("b")),
        new Row(
            "unless nobody else lives", standbys().steering(drained("b", "c")), true, silent("c")),
        new Row(
            "unless the other one is dead",
            new HaStates().seen("b", 80, 104).seen("c", 104, 103).steering(drained("c")),
            true,
            silent("c")),
        new Row("silence moves a pinned leader", standbys().steering(PINNED), true, silent("c")),
        new Row("nobody leaves a healthy leader", standbys(), false, null),
        new Row("lagging moves leadership", lagging(), false, to("c", Cause.LAGGING)),
        new Row("lagging moves no pinned leader", lagging().steering(PINNED), false, null),
        new Row(
            "lagging moves one whose pin has ended",
            lagging().steering(new Steering("a", 105_000, Set.of())),
            false,
            to("c", Cause.LAGGING)),
        new Row(
            "lagging moves one while another is pinned",
            lagging().steering(new Steering("b", Long.MAX_VALUE, Set.of())),
            false,
            to("c", Cause.LAGGING)),
        new Row(
            "lagging moves nothing to a drained replica",
            lagging().steering(drained("b", "c")),
            false,
            null),
        new Row("silence is the cause of both", lagging(), true, silent("c")));
  }

  @ParameterizedTest
  @MethodSource("rows")
  void automatic(Row row) {
    assertThat(Takeover.automatic(row.state().build(), row.silent(), TIMEOUT_MS).orElse(null))
        .isEqualTo(row.change());
  }

  /** The old leader delivers its rest itself, however uneven its shards are. */
  @Test
  void theSeamOfAHandOverWaitsASettleTime() {
    ClusterState seen = new HaStates().lag(35).build();
    ClusterState locked = new HaStates().commits(12).frontier(102, 102).build();
    assertThat(Takeover.decide(seen, locked, to("b", Cause.HANDED_OVER)))
        .contains(new Takeover("b", 102_000, 102_000, -18_000, 70_000));
  }

  private static HaStates standbys() {
    return new HaStates().seen("b", 104, 101).seen("c", 104, 103);
  }

  private static HaStates lagging() {
    return standbys().patchRun(40, 101);
  }

  private static Steering drained(String... replicas) {
    return new Steering(null, Long.MAX_VALUE, Set.of(replicas));
  }

  private static LeaderChange silent(String winner) {
    return to(winner, Cause.SILENT);
  }

  private static LeaderChange to(String winner, Cause cause) {
    return LeaderChange.automatic(winner, cause);
  }
}
