package org.promscale.system;

import org.junit.jupiter.api.Test;

/** What was acknowledged survives kill -9; the long form is {@link CrashLongIT}. */
class CrashIT {

  @Test
  void nothingAcknowledgedIsLost() throws Exception {
    new CrashRun(5, 2, CrashRun.seed()).run();
  }
}
