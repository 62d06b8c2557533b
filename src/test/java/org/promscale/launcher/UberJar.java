package org.promscale.launcher;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionTimeoutException;
import org.promscale.testbed.Await;
import org.promscale.testbed.ClassArchives;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.ThreadDump;

/** One run of {@code java -jar promscale.jar} in a directory of its own. One thread at a time. */
final class UberJar implements AutoCloseable {
  private static final Duration READY = Duration.ofMinutes(3);

  private final Process process;
  private final Path out;
  private final Path err;

  private UberJar(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /**
   * Starts the jar.
   *
   * @param directory the working directory; outputs and temporary files go to its parent
   */
  static UberJar start(Path directory, Map<String, String> environment, String... arguments)
      throws IOException {
    return start(jar(), ClassArchives.options(jar()), directory, environment, arguments);
  }

  /** Like {@link #start(Path, Map, String...)}, a copy of the jar, with options of the JVM. */
  static UberJar start(
      Path jar,
      List<String> javaOptions,
      Path directory,
      Map<String, String> environment,
      String... arguments)
      throws IOException {
    Files.createDirectories(directory);
    Path temporary = Files.createDirectories(directory.resolveSibling("tmp"));
    Path home = Files.createDirectories(directory.resolveSibling("home"));
    Path out = Files.createTempFile(directory.getParent(), "out", ".txt");
    Path err = Files.createTempFile(directory.getParent(), "err", ".txt");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Djava.io.tmpdir=" + temporary);
    command.add("-Duser.home=" + home);
    command.addAll(ConnectorProcess.SHORT_LIFE);
    command.addAll(javaOptions);
    command.addAll(List.of("-jar", jar.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("PROMSCALE_"));
    builder.environment().putAll(environment);
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    return new UberJar(process, out, err);
  }

  /** Waits for the banner and returns its lines. */
  List<String> banner() throws IOException {
    try {
      Await.until(
          "the banner is complete",
          READY,
          () -> !process.isAlive() || out().stream().anyMatch(line -> line.startsWith("psql:")));
    } catch (ConditionTimeoutException e) {
      throw new IllegalStateException(
          "no banner; printed " + out() + ", logged " + err() + "\n" + ThreadDump.of(process.pid()),
          e);
    }
    if (!process.isAlive()) {
      throw new IllegalStateException("ended with " + process.exitValue() + ": " + err());
    }
    return out();
  }

  /** Waits for the end and returns the exit code. */
  int exitCode(Duration atMost) throws InterruptedException {
    if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new IllegalStateException("still running after " + atMost);
    }
    return process.exitValue();
  }

  /** Sends SIGTERM. */
  void terminate() {
    process.destroy();
  }

  /** Sends SIGKILL. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Returns what was printed for the operator so far. */
  List<String> out() throws IOException {
    return Files.readAllLines(out);
  }

  /** Returns what was logged so far. */
  List<String> err() throws IOException {
    return Files.readAllLines(err);
  }

  @Override
  public void close() {
    process.destroyForcibly();
    Await.until("the jar is gone", Duration.ofSeconds(20), () -> !process.isAlive());
  }

  /** Returns a port nobody listens on at this moment. */
  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Returns the packaged jar. */
  static Path jar() {
    return Path.of(System.getProperty("promscale.jar", "target/promscale.jar")).toAbsolutePath();
  }
}
