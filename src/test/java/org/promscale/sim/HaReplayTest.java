package org.promscale.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.promscale.storage.Mutant;

/** One world again, as a failure printed it. */
class HaReplayTest {

  @Test
  @EnabledIfSystemProperty(named = "sim.seed", matches = "-?[0-9]+")
  @DisplayName("This seed with these faults breaks no invariant")
  void replay() {
    Plan plan = Plan.of(Long.getLong("sim.seed", 1), Integer.getInteger("sim.minutes", 5));
    String chosen = System.getProperty("sim.faults", "all");
    if (!chosen.equals("all")) {
      plan = plan.only(numbers(chosen));
    }
    Mutant mutant = Mutant.valueOf(System.getProperty("sim.mutant", "NONE"));
    Verdict verdict = Runs.run(plan, Policy.OURS, mutant);
    assertThat(verdict.violations()).as(verdict::toString).isEmpty();
  }

  private static List<Integer> numbers(String text) {
    return text.equals("none")
        ? List.of()
        : Arrays.stream(text.split(",", -1)).map(Integer::valueOf).toList();
  }
}
