package org.promscale.testbed;

import java.time.Duration;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;

/** Waiting for a condition, never for a time. */
public final class Await {

  private Await() {}

  /** Polls until the condition holds; fails with the description when the time is up. */
  public static void until(String what, Duration atMost, Callable<Boolean> condition) {
    Awaitility.await(what)
        .pollInSameThread()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(50))
        .ignoreExceptions()
        .atMost(atMost)
        .until(condition);
  }
}
