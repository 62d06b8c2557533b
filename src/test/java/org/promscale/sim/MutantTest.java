package org.promscale.sim;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.promscale.storage.Mutant;

/** A simulation that notices no mistake proves nothing. */
class MutantTest {

  private static final int MINUTES = 5;
  private static final int SEEDS = 500;

  @ParameterizedTest
  @EnumSource(
      names = {"NONE", "REGISTERS_UNLOCKED"}, // the latter takes milliseconds that seeds rarely hit
      mode = EnumSource.Mode.EXCLUDE)
  @DisplayName("A mistake is noticed within 500 seeds")
  void isCaught(Mutant mutant) {
    assertThat(Runs.caughtAt(mutant, MINUTES, SEEDS)).as("seed that catches it").isPositive();
  }

  @Test
  @DisplayName("A failure shrinks to few faults, and its replay fails again")
  void shrinks() {
    long seed = Runs.caughtAt(Mutant.BOUNDARY_AT_OLD_END, MINUTES, SEEDS);
    Verdict whole = Runs.run(Plan.of(seed, MINUTES), Policy.OURS, Mutant.BOUNDARY_AT_OLD_END);
    Verdict small = Runs.shrink(whole, Policy.OURS, Mutant.BOUNDARY_AT_OLD_END);
    assertThat(small.plan().faults()).hasSizeBetween(1, 2);
    assertThat(small.replay()).contains("-Dsim.seed=" + seed).contains("-Dsim.faults=");
    Verdict again = Runs.run(small.plan(), Policy.OURS, Mutant.BOUNDARY_AT_OLD_END);
    assertThat(again.violations()).isEqualTo(small.violations());
  }
}
