package org.promscale.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A PostgreSQL server that runs on a certain data directory. Immutable; a moment's view.
 *
 * @param process the first of the server's processes
 * @param port the port it listens on
 * @param status {@code starting}, {@code ready}, {@code stopping} …
 */
record Postmaster(ProcessHandle process, int port, String status) {
  private static final String PID_FILE = "postmaster.pid";
  private static final int PORT_LINE = 3;
  private static final int STATUS_LINE = 7;

  /**
   * Finds the server of a data directory. The number in the pid file alone proves nothing: after a
   * power loss it may be another program's. A server's working directory is its data directory.
   */
  static Optional<Postmaster> of(Path data) {
    try {
      List<String> lines = Files.readAllLines(data.resolve(PID_FILE));
      if (lines.size() <= STATUS_LINE) {
        return Optional.empty();
      }
      int port = Integer.parseInt(lines.get(PORT_LINE).strip());
      return ProcessHandle.of(Long.parseLong(lines.get(0).strip()))
          .filter(ProcessHandle::isAlive)
          .filter(process -> worksIn(process.pid(), data))
          .map(process -> new Postmaster(process, port, lines.get(STATUS_LINE).strip()));
    } catch (IOException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  /**
   * Removes a pid file that no server stands behind. PostgreSQL does that itself unless another
   * program of the same user has the number by now; then it would refuse to start.
   */
  static void removeStalePidFile(Path data) throws IOException {
    Path file = data.resolve(PID_FILE);
    if (Files.exists(file) && !anyProcessWorksIn(data)) {
      Files.delete(file);
    }
  }

  boolean isReady() {
    return status.equals("ready");
  }

  boolean isStopping() {
    return status.equals("stopping");
  }

  private static boolean anyProcessWorksIn(Path data) {
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      return all.anyMatch(process -> worksIn(process.pid(), data));
    }
  }

  private static boolean worksIn(long pid, Path data) {
    try {
      Path directory = Files.readSymbolicLink(Path.of("/proc", Long.toString(pid), "cwd"));
      return directory.equals(data.toRealPath());
    } catch (IOException e) {
      return false;
    }
  }
}
