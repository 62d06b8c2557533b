package org.promscale.testbed;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Looks into the JVM of a server with the JDK's {@code jcmd}. Immutable. */
public final class RunningJvm {

  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** Number, instances, bytes, class; module. */
  private static final Pattern HISTOGRAM =
      Pattern.compile("^\\s*\\d+:\\s+(\\d+)\\s+(\\d+)\\s+(\\S+)");

  private final long pid;

  private RunningJvm(long pid) {
    this.pid = pid;
  }

  /** Returns the JVM of a connector. */
  public static RunningJvm of(ConnectorProcess connector) {
    return new RunningJvm(connector.pid());
  }

  /** Finds the JVM that a script or a tool has started: the one that starts none itself. */
  static RunningJvm under(ProcessHandle root) {
    return Stream.concat(Stream.of(root), root.descendants())
        .filter(RunningJvm::isJava)
        .filter(process -> process.descendants().noneMatch(RunningJvm::isJava))
        .findFirst()
        .map(process -> new RunningJvm(process.pid()))
        .orElseThrow(() -> new IllegalStateException("no JVM under process " + root.pid()));
  }

  private static boolean isJava(ProcessHandle process) {
    return process.info().command().orElse("").endsWith("/java");
  }

  /**
   * Returns how many class loaders hold a class of this name after a collection: one for each
   * application that is deployed, and one for each that was and left something behind.
   */
  long copiesOf(String className) {
    jcmd("GC.run");
    return jcmd("VM.class_hierarchy", className)
        .lines()
        .filter(line -> line.contains(className + "/"))
        .count();
  }

  /**
   * What a class takes of the heap.
   *
   * @param name of the class, as the JVM spells it
   */
  public record HeapShare(String name, long objects, long bytes) {}

  /** Collects, and returns what is left on the heap, by class, the largest first. */
  public List<HeapShare> liveHeap() {
    return jcmd("GC.class_histogram")
        .lines()
        .map(HISTOGRAM::matcher)
        .filter(Matcher::find)
        .map(
            line ->
                new HeapShare(
                    line.group(3), Long.parseLong(line.group(1)), Long.parseLong(line.group(2))))
        .toList();
  }

  /** Begins to record where the time goes. */
  public void startRecording() {
    jcmd("JFR.start", "name=load", "settings=profile");
  }

  /** Ends the recording and writes it to a file. */
  public void stopRecording(Path file) {
    jcmd("JFR.stop", "name=load", "filename=" + file.toAbsolutePath());
  }

  /** Returns the number of threads. */
  long threads() {
    return jcmd("Thread.print").lines().filter(line -> line.startsWith("\"")).count();
  }

  private String jcmd(String... command) {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    Programs.Result result =
        Programs.tryRun(
            LIMIT,
            Stream.concat(Stream.of(jcmd.toString(), String.valueOf(pid)), Stream.of(command))
                .toList());
    if (result.status() != 0) {
      throw new IllegalStateException(List.of(command) + ": " + result.output());
    }
    return result.output();
  }
}
