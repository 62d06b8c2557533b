package org.promscale.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Programs of this machine, and its free ports. Thread-safe. */
final class Programs {

  private static final String SYSTEM_DIRECTORIES = ":/usr/sbin:/usr/bin:/sbin:/bin";

  private Programs() {}

  /**
   * Finds a program.
   *
   * @param program its file name
   * @param debianPackage the package that brings it
   * @throws IllegalStateException when it is missing; the message says how to install it
   */
  static String require(String program, String debianPackage) {
    String path = System.getenv().getOrDefault("PATH", "") + SYSTEM_DIRECTORIES;
    return Stream.of(path.split(":", -1))
        .filter(directory -> !directory.isEmpty())
        .map(directory -> Path.of(directory, program))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() -> missing(program, debianPackage))
        .toString();
  }

  /** Says that a program is missing and how to install it. */
  static IllegalStateException missing(String program, String debianPackage) {
    return new IllegalStateException(
        program + " is missing: install it with 'apt-get install " + debianPackage + "'");
  }

  /** Runs a command to its end; fails with its output when it fails. */
  static void run(Duration atMost, List<String> command) {
    Result result = tryRun(atMost, command);
    if (result.status() != 0) {
      throw new IllegalStateException(
          String.join(" ", command) + " failed with " + result.status() + ": " + result.output());
    }
  }

  /** Runs a command to its end, whatever its exit status. */
  static Result tryRun(Duration atMost, List<String> command) {
    try {
      Path output = Files.createTempFile("promscale-run", ".log");
      try {
        Process process =
            new ProcessBuilder(command)
                .directory(Path.of("/").toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!process.waitFor(atMost.toSeconds(), TimeUnit.SECONDS)) {
          process.destroyForcibly();
          throw new IllegalStateException(
              "no end within " + atMost + ": " + String.join(" ", command));
        }
        return new Result(process.exitValue(), Files.readString(output));
      } finally {
        Files.delete(output);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Returns a port of the loopback address that nobody listens on at this moment. */
  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Makes an empty directory in the temporary directory. */
  static Path temporaryDirectory(String name) {
    try {
      return Files.createTempDirectory("promscale-" + name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Deletes a directory with everything in it. */
  static void delete(Path directory) {
    run(Duration.ofSeconds(30), List.of("rm", "-rf", directory.toString()));
  }

  /** Tells whether the tests run as root. */
  static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  /** What a command left behind. */
  record Result(int status, String output) {}
}
