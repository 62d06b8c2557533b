package org.promscale.sim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Worlds of 30 simulated minutes: {@code ./mvnw verify -Plong -Dit.test=HaSimulationLongIT}. {@code
 * -Dsim.minutes}, {@code -Dsim.first} and {@code -Dsim.seeds} change it.
 */
@Tag("long")
class HaSimulationLongIT {

  @Test
  @DisplayName("No seed breaks an invariant in half an hour")
  void seeds() {
    Verdict verdict =
        Runs.firstFailure(
            Policy.OURS,
            Integer.getInteger("sim.minutes", 30),
            Long.getLong("sim.first", 1),
            Long.getLong("sim.seeds", 2_000));
    assertThat(verdict.violations()).as(verdict::toString).isEmpty();
  }
}
