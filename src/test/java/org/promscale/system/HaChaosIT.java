package org.promscale.system;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * One author and no hole whatever is killed, frozen or cut off; the long form is {@link
 * HaChaosLongIT}.
 */
class HaChaosIT {

  @Test
  void oneAuthorAndNothingAcknowledgedIsLost() throws Exception {
    new HaChaosRun(Duration.ofSeconds(35), Duration.ofSeconds(5), HaChaosRun.seed()).run();
  }
}
