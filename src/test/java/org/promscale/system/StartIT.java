package org.promscale.system;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.promscale.testbed.ClassArchives;
import org.promscale.testbed.CpuTime;
import org.promscale.testbed.PostgresServer;

/**
 * What a start with an external database costs until it is ready, and how much memory an idle
 * connector takes: the jar alone, and with the directory and the archive that the build leaves
 * beside it, in turns. {@code ./mvnw verify -Pload -Dit.test=StartIT -Dstart.runs=5
 * -Dstart.idle-seconds=60}; {@code -Dstart.before=…/promscale.jar} measures another build's jar
 * too.
 */
@Tag("load")
class StartIT {
  private static final int RUNS = Integer.getInteger("start.runs", 5);
  private static final Duration IDLE =
      Duration.ofSeconds(Integer.getInteger("start.idle-seconds", 60));
  private static final long LIMIT_NANOS = TimeUnit.MINUTES.toNanos(3);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  @TempDir Path directory;

  /** One start: seconds, CPU seconds, megabytes when it was ready and after it was idle. */
  private record Start(double wall, double cpu, double ready, double idle) {}

  /** A way to start, and the starts so far. */
  private record Way(String name, Path jar, List<String> options, String uri, List<Start> starts) {}

  @Test
  void starts() throws Exception {
    Path jar = Path.of(System.getProperty("promscale.jar", "target/promscale.jar"));
    Path alone = Files.copy(jar, directory.resolve("promscale.jar"));
    List<Way> ways = new ArrayList<>();
    try (PostgresServer postgres = PostgresServer.start(Map.of())) {
      String before = System.getProperty("start.before", "");
      if (!before.isEmpty()) {
        ways.add(way("before", Path.of(before), List.of(), postgres));
      }
      ways.add(way("alone", alone, List.of(), postgres));
      ways.add(way("archive", jar, ClassArchives.options(jar), postgres));
      for (int run = 0; run < RUNS; run++) {
        for (Way way : ways) {
          way.starts().add(start(way));
        }
      }
    }
    ways.forEach(StartIT::print);
  }

  /** Each has a database of its own: an older jar refuses a newer schema. */
  private static Way way(String name, Path jar, List<String> options, PostgresServer postgres)
      throws Exception {
    return new Way(name, jar, options, postgres.uri(postgres.createDatabase()), new ArrayList<>());
  }

  private Start start(Way way) throws Exception {
    Path out = Files.createTempFile(directory, "out", ".txt");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(way.options());
    command.addAll(List.of("-jar", way.jar().toString(), "-db.uri=" + way.uri()));
    command.add("-web.listen-address=127.0.0.1:" + freePort());
    long began = System.nanoTime();
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      while (!Files.readString(out).contains("ready after")) {
        if (!process.isAlive() || System.nanoTime() - began > LIMIT_NANOS) {
          throw new IllegalStateException(way.name() + " does not start: " + command);
        }
        LockSupport.parkNanos(LOOK_NANOS);
      }
      double wall = (System.nanoTime() - began) / 1e9;
      double cpu = CpuTime.of(process.pid());
      double ready = megabytes(process.pid());
      process.waitFor(IDLE.toMillis(), TimeUnit.MILLISECONDS);
      return new Start(wall, cpu, ready, megabytes(process.pid()));
    } finally {
      process.destroy();
      process.waitFor();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static double megabytes(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc", String.valueOf(pid), "status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
      }
    }
    throw new IOException("no VmRSS of process " + pid);
  }

  private static void print(Way way) {
    System.out.printf(
        Locale.ROOT,
        "%-8s median of %d: %.1f s, %.1f CPU s, %.0f MB when ready, %.0f MB after %d s idle%n",
        way.name(),
        RUNS,
        median(way.starts().stream().map(Start::wall).toList()),
        median(way.starts().stream().map(Start::cpu).toList()),
        median(way.starts().stream().map(Start::ready).toList()),
        median(way.starts().stream().map(Start::idle).toList()),
        IDLE.toSeconds());
  }

  private static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }
}
