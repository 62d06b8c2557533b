package org.promscale.system;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * 15 minutes of it, freezes of up to a minute: {@code ./mvnw verify -Plong
 * -Dit.test=HaChaosLongIT}. {@code -Dha.chaos.minutes} and {@code -Dha.chaos.seed} change it.
 */
@Tag("long")
class HaChaosLongIT {

  @Test
  void oneAuthorAndNothingAcknowledgedIsLost() throws Exception {
    new HaChaosRun(
            Duration.ofMinutes(Integer.getInteger("ha.chaos.minutes", 15)),
            Duration.ofSeconds(60),
            HaChaosRun.seed())
        .run();
  }
}
