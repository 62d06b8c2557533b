package org.promscale.testbed;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** What every thread of another JVM does: where it hangs. */
public final class ThreadDump {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private ThreadDump() {}

  /** Returns the stack of every thread of a process of this machine; why not, if there is none. */
  public static String of(long pid) {
    String jstack = Path.of(System.getProperty("java.home"), "bin", "jstack").toString();
    try {
      return Programs.tryRun(LIMIT, List.of(jstack, String.valueOf(pid))).output();
    } catch (IllegalStateException | UncheckedIOException e) {
      return "no thread dump: " + e;
    }
  }
}
