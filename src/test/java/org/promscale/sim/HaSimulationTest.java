package org.promscale.sim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Many small worlds; {@link HaSimulationLongIT} runs larger ones for longer. */
class HaSimulationTest {

  private static final int MINUTES = 5;
  private static final int SEEDS = 2_000;

  @Test
  @DisplayName("No seed breaks an invariant")
  void seeds() {
    Verdict verdict = Runs.firstFailure(Policy.OURS, MINUTES, 1, SEEDS);
    assertThat(verdict.violations()).as(verdict::toString).isEmpty();
  }
}
