package org.promscale.system;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * 200 kills, about 20 minutes: {@code ./mvnw verify -Plong -Dit.test=CrashLongIT}. {@code
 * -Dcrash.postgres-kills}, {@code -Dcrash.connector-kills} and {@code -Dcrash.seed} change it.
 */
@Tag("long")
class CrashLongIT {

  @Test
  void nothingAcknowledgedIsLost() throws Exception {
    new CrashRun(
            Integer.getInteger("crash.postgres-kills", 150),
            Integer.getInteger("crash.connector-kills", 50),
            CrashRun.seed())
        .run();
  }
}
