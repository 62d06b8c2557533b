package org.promscale.system;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * One author and no hole whatever is killed, frozen or cut off; the long form is {@link
 * HaChaosLongIT}.
 */
class HaChaosIT {

  /** The long form looks for what nobody has seen yet; this one guards what works. */
  private static final long SEED = 1659114135;

  @Test
  void oneAuthorAndNothingAcknowledgedIsLost() throws Exception {
    new HaChaosRun(
            new HaChaosRun.Plan(
                3,
                Duration.ofSeconds(60),
                Duration.ofSeconds(3),
                Duration.ofSeconds(10),
                true,
                false),
            Long.getLong("ha.chaos.seed", SEED))
        .run()
        .assertInvariants();
  }
}
