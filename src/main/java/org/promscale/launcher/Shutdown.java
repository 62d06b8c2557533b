package org.promscale.launcher;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The order of the end: the web application takes no new requests and writes what it holds, then
 * the database stops, then the temporary files go. All of it takes less than 15 seconds, also when
 * the server hangs.
 */
final class Shutdown {
  private static final long LIMIT_NANOS = TimeUnit.MILLISECONDS.toNanos(14_500);
  private static final Duration SERVER = Duration.ofSeconds(10);

  /** What a process that SIGTERM ended returns. */
  private static final int TERMINATED = 143;

  private static final Logger SERVER_EXECUTOR = Logger.getLogger("javax.enterprise.concurrent");

  private final PayaraServer server;
  private final @Nullable EmbeddedDatabase embedded;
  private final WorkDirectory work;
  private final AtomicBoolean signalled = new AtomicBoolean();
  private boolean done;

  Shutdown(PayaraServer server, @Nullable EmbeddedDatabase embedded, WorkDirectory work) {
    this.server = server;
    this.embedded = embedded;
    this.work = work;
  }

  /** Returns the thread to register with the runtime. */
  Thread hook() {
    return new Thread(this::run, "promscale-shutdown");
  }

  /**
   * Ends everything in order, then the process; for a signal. A second signal changes nothing.
   *
   * @param status exit status
   */
  void exit(int status) {
    if (!signalled.getAndSet(true)) {
      // Not a daemon as the signal's thread is: when the server's last thread has gone, the runtime
      // would end the process by itself, with another status.
      Thread thread =
          new Thread(
              () -> {
                run();
                System.exit(status);
              },
              "promscale-stop-all");
      thread.setDaemon(false);
      thread.start();
    }
  }

  /** Runs once; whoever comes second waits until it is done. */
  private synchronized void run() {
    if (done) {
      return;
    }
    done = true;
    // It reports every periodic task that it finds cancelled as an error with a stack trace.
    SERVER_EXECUTOR.setLevel(Level.OFF);
    long deadline = System.nanoTime() + LIMIT_NANOS;
    boolean ended = server.stop(SERVER);
    try {
      if (embedded != null) {
        embedded.stop(Duration.ofNanos(deadline - System.nanoTime()));
        embedded.close();
      }
      work.close();
    } catch (LaunchFailure | IOException e) {
      System.err.println("promscale: " + e.getMessage());
    }
    if (!ended) {
      System.err.println("promscale: the server did not stop in time, ending without it");
      Runtime.getRuntime().halt(TERMINATED);
    }
  }
}
