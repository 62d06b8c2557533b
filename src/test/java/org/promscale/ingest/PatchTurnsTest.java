package org.promscale.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Who opens the next patch. */
class PatchTurnsTest {

  private final PatchTurns turns = new PatchTurns();

  @Test
  @DisplayName("Whoever opened a patch leaves the next one to others for three seconds")
  void rests() {
    assertThat(turns.isMine(1, false, 0)).isTrue();
    turns.opened(1);
    assertThat(turns.isMine(1, true, 60_000)).as("it is open").isFalse();
    assertThat(turns.isMine(2, false, 60_000)).as("another cluster").isTrue();
    assertThat(turns.isMine(1, false, 61_000)).as("it is closed").isFalse();
    assertThat(turns.isMine(1, false, 63_999)).isFalse();
    assertThat(turns.isMine(1, false, 64_000)).as("nobody wanted one").isTrue();
    assertThat(turns.isMine(1, false, 64_001)).isTrue();
  }

  @Test
  @DisplayName("Once somebody else has opened one it is everybody's turn again")
  void otherTurn() {
    turns.opened(1);
    assertThat(turns.isMine(1, false, 1_000)).isFalse();
    assertThat(turns.isMine(1, true, 2_000)).isTrue();
    assertThat(turns.isMine(1, false, 2_500)).isTrue();
  }
}
