package org.promscale.system;

import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.RealClients;

/**
 * Half an hour of it over two connectors, freezes of up to a minute, a pair of real Prometheus
 * beside the synthetic replicas: {@code ./mvnw verify -Plong -Dit.test=HaChaosLongIT}. {@code
 * -Dha.chaos.minutes} and {@code -Dha.chaos.seed} change it.
 */
@Tag("long")
class HaChaosLongIT {

  private static final Duration DURATION =
      Duration.ofMinutes(Integer.getInteger("ha.chaos.minutes", 30));

  @BeforeAll
  static void askForRealClients() {
    RealClients.require();
  }

  @Test
  void oneAuthorAndNothingAcknowledgedIsLost() throws Exception {
    run(DURATION, true).assertInvariants();
  }

  /** A connector and the leader lost within one settle time: the exception of docs/ha.md. */
  @Test
  void withoutDistanceNothingButHolesIsWrong() throws Exception {
    run(DURATION.dividedBy(3), false).reportHoles();
  }

  private static HaChaosResult run(Duration duration, boolean keepsDistance) throws Exception {
    return new HaChaosRun(
            new HaChaosRun.Plan(
                2, duration, Duration.ofSeconds(60), Duration.ofMinutes(2), keepsDistance, true),
            HaChaosRun.seed())
        .run();
  }
}
