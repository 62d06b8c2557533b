package org.promscale.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.promscale.storage.Mutant;

/** Nobody takes over from a leader with which nothing is wrong. */
class HealthyPairTest {

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "every second, 1, 1, 0",
    "every five seconds, 5, 5, 0",
    "every 15 seconds, 15, 5, 0",
    "every minute, 60, 5, 0",
    "every five minutes with a fixed timeout, 300, 5, 900",
  })
  @DisplayName("An hour of a healthy pair, from its first request on, has one term")
  void oneTerm(String name, long stepSeconds, long flushSeconds, long timeoutSeconds) {
    for (Plan.Balancing balancing : Plan.Balancing.values()) {
      Plan plan =
          new Plan(
              7,
              60,
              3,
              2,
              1,
              new int[] {2, 2},
              stepSeconds * 1_000,
              flushSeconds * 1_000,
              balancing,
              timeoutSeconds * 1_000,
              2,
              1 << 20,
              List.of());
      World world = new World(plan, Policy.OURS, Mutant.NONE);
      assertThat(world.run()).as("%s, %s", name, balancing).isEmpty();
      assertThat(world.history(0).terms()).as("%s, %s", name, balancing).hasSize(1);
    }
  }
}
