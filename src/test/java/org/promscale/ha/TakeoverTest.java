package org.promscale.ha;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Who takes over, and where the boundary runs. */
class TakeoverTest {

  private static final double NEVER = Double.NEGATIVE_INFINITY;

  private record Row(String name, HaStates state, @Nullable String candidate) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Row> rows() {
    return Stream.of(
        new Row("nobody else", seen("a", 105, 100), null),
        new Row("a standby with data beyond the frontier", seen("b", 104, 103), "b"),
        new Row("one whose request in flight lies before it", seen("b", 104, 81), "b"),
        new Row("not one that holds nothing back", seen("b", 104, 79.999), null),
        new Row("not one that is dead itself", seen("b", 90, 103), null),
        new Row("the one that has come furthest", seen("b", 104, 101).seen("c", 104, 103), "c"),
        new Row("the first by name of two equals", seen("c", 104, 103).seen("b", 104, 103), "b"),
        new Row("a stamp ahead does not win", seen("b", 104, 900).seen("a2", 104, 110), "a2"),
        new Row("of two, the living one", seen("b", 80, 104).seen("c", 104, 101), "c"),
        new Row(
            "anybody where the leader never committed",
            seen("b", 104, 20).frontier(NEVER, NEVER),
            "b"));
  }

  private static HaStates seen(String replica, double at, double newest) {
    return new HaStates().seen(replica, at, newest);
  }

  @ParameterizedTest
  @MethodSource("rows")
  @DisplayName("Candidate")
  void candidate(Row row) {
    assertThat(Takeover.candidate(row.state().build(), 15_000))
        .isEqualTo(Optional.ofNullable(row.candidate()));
  }

  @Test
  @DisplayName("The boundary is the frontier, the seal the last sample whatever its stamp")
  void boundary() {
    ClusterState state = new HaStates().frontier(100, 400).build();
    assertThat(Takeover.decide(state, state, LeaderChange.silent("b")))
        .contains(new Takeover("b", 100_000, 400_000, -20_000, 0));
  }

  @Test
  @DisplayName("A seal never moves back")
  void sealMovesForward() {
    ClusterState state =
        new HaStates().past(1, "a", NEVER, 90).term(2, "a", 90, 500).frontier(100, 100).build();
    assertThat(Takeover.decide(state, state, LeaderChange.silent("b")))
        .contains(new Takeover("b", 100_000, 500_000, -20_000, 0));
  }

  @Test
  @DisplayName("A leader that never committed leaves an empty term")
  void emptyTerm() {
    ClusterState first = new HaStates().frontier(NEVER, NEVER).build();
    assertThat(Takeover.decide(first, first, LeaderChange.silent("b")))
        .contains(new Takeover("b", Lease.NO_TIME, Lease.NO_TIME, Lease.NO_TIME, 0));
  }

  @Test
  @DisplayName("Nobody takes over on the ground of what is no longer true")
  void outdated() {
    ClusterState seen = new HaStates().build();
    ClusterState moved = new HaStates().commits(11).build();
    assertThat(Takeover.decide(seen, moved, LeaderChange.silent("b"))).isEmpty();
  }

  @Test
  @DisplayName("A leader that lives delivers its rest itself, for a settle time")
  void leaderLives() {
    ClusterState seen = new HaStates().lag(15).build();
    ClusterState moved = new HaStates().lag(15).commits(11).build();
    LeaderChange change = LeaderChange.automatic("b", LeaderChange.Cause.LAGGING);
    assertThat(Takeover.decide(seen, moved, change))
        .contains(new Takeover("b", 100_000, 100_000, -20_000, 30_000));
  }
}
