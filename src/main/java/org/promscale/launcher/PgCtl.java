package org.promscale.launcher;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Starts and stops a server. It goes into a session of its own, so that a Ctrl-C in the terminal
 * reaches the launcher only.
 *
 * @param binaries the programs
 * @param runAs how they are started
 * @param data the server's data directory
 */
record PgCtl(PostgresBinaries binaries, RunAs runAs, Path data) {
  private static final Duration MARGIN = Duration.ofSeconds(1);

  /** Starts the server; returns when it accepts connections, at the latest after the time. */
  Subprocess.Result start(int port, Path log, Duration atMost) {
    return run(atMost, "start", List.of("-l", log.toString(), "-o", "-p " + port));
  }

  /** Stops the server: open transactions are rolled back, all data is flushed. */
  Subprocess.Result stop(Duration atMost) {
    return run(atMost, "stop", List.of("-m", "fast"));
  }

  private Subprocess.Result run(Duration atMost, String action, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.addAll(List.of(binaries.program("pg_ctl"), "-D", data.toString(), "-w", "-t"));
    command.add(Long.toString(Math.max(1, atMost.toSeconds())));
    command.addAll(arguments);
    command.add(action);
    return Subprocess.run(atMost.plus(MARGIN), runAs.command(command), "");
  }
}
