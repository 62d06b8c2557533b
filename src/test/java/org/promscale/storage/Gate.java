package org.promscale.storage;

import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.promscale.testbed.Await;

/**
 * Stops a transaction, as a frozen connector does. As a guard it stands between the rows and the
 * fence. Open until it is shut; whoever comes then waits until it is opened. Thread-safe.
 */
final class Gate implements CommitGuard, Runnable {

  private volatile CountDownLatch opened = new CountDownLatch(0);
  private volatile CountDownLatch reached = new CountDownLatch(1);

  /** Stops whoever comes next. */
  void shut() {
    reached = new CountDownLatch(1);
    opened = new CountDownLatch(1);
  }

  /** Waits until somebody stands before the shut gate. */
  void awaitSomebody() {
    Await.until("a transaction is stopped", Duration.ofSeconds(20), () -> reached.getCount() == 0);
  }

  /** Lets everybody go on. */
  void open() {
    opened.countDown();
  }

  @Override
  public void check(Connection connection, List<PendingBatch> group) {
    run();
  }

  @Override
  public void run() {
    CountDownLatch latch = opened;
    if (latch.getCount() == 0) {
      return;
    }
    reached.countDown();
    try {
      if (!latch.await(60, TimeUnit.SECONDS)) {
        throw new IllegalStateException("nobody opened the gate");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
