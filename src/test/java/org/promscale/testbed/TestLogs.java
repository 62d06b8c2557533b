package org.promscale.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The log files of the servers under test, in {@code target/testbed} (system property {@code
 * testbed.logs}). Thread-safe.
 */
final class TestLogs {

  private static final int TAIL_LINES = 60;
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final List<Path> OPEN = new CopyOnWriteArrayList<>();

  private TestLogs() {}

  /** Makes an empty log file. */
  static Path open(String name) {
    Path log = file(name + ".log");
    try {
      Files.write(log, new byte[0]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    OPEN.add(log);
    return log;
  }

  /** Returns a path for a file beside the logs; the name gets numbers before it. */
  static Path file(String name) {
    try {
      Path directory =
          Files.createDirectories(
              Path.of(System.getProperty("testbed.logs", "target/testbed")).toAbsolutePath());
      return directory.resolve(
          ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet() + "-" + name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the last lines of a log under its path. */
  static String tail(Path log) {
    try {
      // Not as strict UTF-8: a killed process leaves half characters.
      List<String> lines =
          new String(Files.readAllBytes(log), StandardCharsets.ISO_8859_1).lines().toList();
      List<String> last = lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size());
      return "--- " + log + " (" + lines.size() + " lines)\n" + String.join("\n", last);
    } catch (IOException e) {
      return "--- " + log + ": " + e;
    }
  }

  /** Returns the logs opened since the last {@link #forget}. */
  static List<Path> opened() {
    return List.copyOf(OPEN);
  }

  /** Forgets the logs opened so far; the files stay. */
  static void forget() {
    OPEN.clear();
  }
}
