package org.promscale.launcher;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Makes the archive of loaded classes, {@code promscale.jsa} beside the jar, for the JVM that runs
 * this: {@code java -cp promscale.jar org.promscale.launcher.ClassArchive}. It starts a connector
 * on an embedded database in a temporary directory, waits until it is ready, and stops it; at its
 * end the JVM writes what it has loaded.
 *
 * <p>What fails soon is tried once more; what the last try printed, with the connector's threads
 * where it took too long, stays in {@code promscale.jsa.log} beside the jar.
 *
 * <p>A JVM accepts only an archive of its own version, for the same jars at the same place, and
 * goes on without any other.
 */
public final class ClassArchive {
  private static final Duration START = Duration.ofMinutes(3);
  private static final Duration STOP = Duration.ofMinutes(2);
  private static final Duration THREADS = Duration.ofSeconds(10);
  private static final String END_OF_THREADS = "JNI global refs";
  private static final int OK = 200;

  private ClassArchive() {}

  /**
   * Makes the archive; exit code 1, and one line that says why, where that fails.
   *
   * @param arguments flags of the connector; without any it runs on an embedded database. With some
   *     its database need not be there
   */
  public static void main(String[] arguments) {
    Path jar = Path.of(ServerClasses.jar());
    Path archive = jar.resolveSibling("promscale.jsa");
    try {
      Files.deleteIfExists(archive);
      Files.deleteIfExists(log(archive));
      make(jar, archive, List.of(arguments));
    } catch (LaunchFailure e) {
      Main.fail(LaunchFailure.environment("no " + archive + ": " + e.getMessage()));
    } catch (IOException e) {
      Main.fail(LaunchFailure.environment("no " + archive + ": " + Directories.reason(e)));
    } catch (InterruptedException e) {
      Main.fail(LaunchFailure.environment("no " + archive + ": interrupted"));
    }
  }

  private static Path log(Path archive) {
    return archive.resolveSibling(archive.getFileName() + ".log");
  }

  private static void make(Path jar, Path archive, List<String> flags)
      throws LaunchFailure, IOException, InterruptedException {
    long start = System.nanoTime();
    try {
      makeOnce(jar, archive, flags);
    } catch (LaunchFailure e) {
      // Where a connector hung a build does not wait for a second one.
      if (System.nanoTime() - start >= START.toNanos()) {
        throw e;
      }
      makeOnce(jar, archive, flags);
    }
  }

  private static void makeOnce(Path jar, Path archive, List<String> flags)
      throws LaunchFailure, IOException, InterruptedException {
    Path directory = Files.createTempDirectory("promscale-archive");
    // Under another name until it is complete: a JVM that was killed leaves half of one.
    Path unfinished = archive.resolveSibling(archive.getFileName() + ".unfinished");
    try {
      String listen = "127.0.0.1:" + Ports.free();
      Path output = directory.resolve("output.txt");
      Process connector = start(command(jar, unfinished, listen, flags), directory, output);
      boolean made = false;
      try {
        boolean served =
            Poll.until(
                START,
                () ->
                    !connector.isAlive()
                        || answers(listen, flags.isEmpty() ? "/-/ready" : "/-/healthy"));
        if (!served || !connector.isAlive()) {
          throw failed("the connector did not start", connector, output);
        }
        for (String page : List.of("/", "/metrics")) {
          answers(listen, page);
        }
        // The JVM writes the archive while it ends.
        connector.destroy();
        if (!connector.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)) {
          throw failed("the connector did not stop", connector, output);
        }
        if (!Files.exists(unfinished)) {
          throw failed("this JVM wrote none", connector, output);
        }
        made = true;
      } finally {
        connector.descendants().forEach(ProcessHandle::destroy);
        connector.destroyForcibly();
        if (!made) {
          Files.copy(output, log(archive), StandardCopyOption.REPLACE_EXISTING);
        }
      }
      Files.move(unfinished, archive, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(unfinished);
      Directories.delete(directory);
    }
  }

  private static List<String> command(Path jar, Path archive, String listen, List<String> flags) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:ArchiveClassesAtExit=" + archive);
    command.addAll(List.of("-jar", jar.toString(), "-web.listen-address=" + listen));
    command.add("-metrics.high-availability");
    command.addAll(flags.isEmpty() ? List.of("-db.embedded.data-dir=data") : flags);
    return command;
  }

  private static Process start(List<String> command, Path directory, Path output)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("PROMSCALE_"));
    File log = output.toFile();
    return builder.redirectErrorStream(true).redirectOutput(log).start();
  }

  private static boolean answers(String listen, String path) {
    try {
      HttpURLConnection connection =
          (HttpURLConnection) URI.create("http://" + listen + path).toURL().openConnection();
      connection.setConnectTimeout(2000);
      connection.setReadTimeout(10_000);
      if (connection.getResponseCode() != OK) {
        return false;
      }
      try (InputStream body = connection.getInputStream()) {
        body.readAllBytes();
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static LaunchFailure failed(String what, Process connector, Path output)
      throws IOException {
    LaunchFailure failure = LaunchFailure.environment(what + ": " + lastLine(output));
    if (connector.isAlive()) {
      // A JVM that hangs says where on this signal; without it nobody ever knows.
      Subprocess.run(THREADS, List.of("kill", "-QUIT", Long.toString(connector.pid())), "");
      Poll.until(THREADS, () -> lines(output).stream().anyMatch(l -> l.contains(END_OF_THREADS)));
    }
    return failure;
  }

  /** What the JVM says of single classes is not the reason. */
  private static String lastLine(Path output) {
    return lines(output).stream()
        .filter(line -> !line.contains("[warning][cds"))
        .reduce((first, second) -> second)
        .orElse("it printed nothing");
  }

  private static List<String> lines(Path output) {
    try {
      return Files.readAllLines(output);
    } catch (IOException e) {
      return List.of(Directories.reason(e));
    }
  }
}
