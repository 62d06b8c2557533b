package org.promscale.launcher;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs short commands of the operating system. */
final class Subprocess {

  /** How a command ended: its exit code and all it printed. */
  record Result(int exitCode, String output) {
    boolean succeeded() {
      return exitCode == 0;
    }

    /** Returns what it printed in one line, for a message. */
    String line() {
      return output.strip().replaceAll("\\s*\\R\\s*", "; ");
    }
  }

  private static final int NOT_STARTED = 127;
  private static final int TIMED_OUT = 124;

  private Subprocess() {}

  /**
   * Runs a command to its end, with a small input and output (below a pipe's buffer).
   *
   * @return exit code 127 where it cannot be started, 124 where it was killed at the time limit
   */
  static Result run(Duration atMost, List<String> command, String input) {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    // A directory every user can enter: pg_ctl looks at it.
    builder.directory(new File("/"));
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("PG"));
    environment.put("LC_ALL", "C");
    try {
      Process process = builder.start();
      try (var stdin = process.getOutputStream()) {
        stdin.write(input.getBytes(StandardCharsets.UTF_8));
      }
      if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        return new Result(TIMED_OUT, "no end within " + atMost.toSeconds() + " s");
      }
      byte[] output = process.getInputStream().readAllBytes();
      return new Result(process.exitValue(), new String(output, StandardCharsets.UTF_8));
    } catch (IOException e) {
      return new Result(NOT_STARTED, String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Result(TIMED_OUT, "interrupted");
    }
  }
}
