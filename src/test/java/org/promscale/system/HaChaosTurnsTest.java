package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class HaChaosTurnsTest {

  private static final Duration TURN = Duration.ofNanos(10);
  private static final Duration SETTLED = Duration.ofNanos(5);

  @Test
  void betweenTwoTurnsNobodyIsStruckForASettleTime() {
    HaChaosTurns turns = new HaChaosTurns(true, TURN, SETTLED, 0);

    assertThat(turns.mayKillConnector()).isTrue();
    assertThat(turns.mayStrikeReplica()).isFalse();

    assertThat(turns.tick(10, true)).isFalse();
    assertThat(turns.mayKillConnector()).isFalse();
    assertThat(turns.mayStrikeReplica()).isFalse();
    assertThat(turns.mayDelay()).isFalse();

    assertThat(turns.tick(14, true)).isFalse();
    assertThat(turns.tick(15, true)).isTrue();
    assertThat(turns.mayKillConnector()).isFalse();
    assertThat(turns.mayStrikeReplica()).isTrue();
  }

  @Test
  void theSettleTimeBeginsWhenEverybodyIsBack() {
    HaChaosTurns turns = new HaChaosTurns(true, TURN, SETTLED, 0);
    turns.tick(10, true);

    assertThat(turns.tick(14, false)).isFalse();
    assertThat(turns.tick(18, true)).isFalse();
    assertThat(turns.tick(19, true)).isTrue();
  }

  @Test
  void withoutDistanceEverythingMayBeStruckAlways() {
    HaChaosTurns turns = new HaChaosTurns(false, TURN, SETTLED, 0);
    turns.tick(10, false);

    assertThat(turns.mayKillConnector()).isTrue();
    assertThat(turns.mayStrikeReplica()).isTrue();
    assertThat(turns.mayDelay()).isTrue();
  }
}
