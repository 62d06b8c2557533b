package org.promscale.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** CPU seconds from {@code /proc}. Thread-safe. */
public final class CpuTime {

  /** Clock ticks per second of {@code /proc}: 100 on every Linux that runs these tests. */
  private static final double TICKS_PER_SECOND = 100;

  private CpuTime() {}

  /** Returns the user and system seconds of a living process without its children. */
  public static double of(long pid) {
    return used(fields(pid));
  }

  /** Like {@link #of}, but nothing for a process that has ended meanwhile. */
  public static double ofWhoMayEnd(long pid) {
    try {
      return of(pid);
    } catch (UncheckedIOException e) {
      if (Files.exists(Path.of("/proc", String.valueOf(pid)))) {
        throw e;
      }
      return 0;
    }
  }

  /** Returns the seconds of a living process and of those children that have ended. */
  public static double withEndedChildren(long pid) {
    List<String> fields = fields(pid);
    return (ticks(fields, 14) + ticks(fields, 15) + ticks(fields, 16) + ticks(fields, 17))
        / TICKS_PER_SECOND;
  }

  /**
   * Returns the seconds of those threads of a living process whose names begin so, as far as they
   * still run.
   *
   * @param prefix at most 15 characters, which is all that the kernel keeps of a name
   */
  public static double ofThreads(long pid, String prefix) {
    Path tasks = Path.of("/proc", String.valueOf(pid), "task");
    try (Stream<Path> threads = Files.list(tasks)) {
      double seconds = 0;
      for (Path thread : threads.toList()) {
        seconds += ofThread(thread, prefix);
      }
      return seconds;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static double ofThread(Path thread, String prefix) throws IOException {
    try {
      if (!Files.readString(thread.resolve("comm")).startsWith(prefix)) {
        return 0;
      }
      return used(fields(thread.resolve("stat")));
    } catch (IOException e) {
      if (Files.exists(thread)) {
        throw e;
      }
      return 0; // it has ended meanwhile
    }
  }

  private static double used(List<String> fields) {
    return (ticks(fields, 14) + ticks(fields, 15)) / TICKS_PER_SECOND;
  }

  private static List<String> fields(long pid) {
    try {
      return fields(Path.of("/proc", String.valueOf(pid), "stat"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> fields(Path file) throws IOException {
    String stat = Files.readString(file);
    // The program's name, field 2, may contain blanks: field 3 follows the last parenthesis.
    return List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1));
  }

  /** Returns a field by its number in proc(5). */
  private static long ticks(List<String> fields, int number) {
    return Long.parseLong(fields.get(number - 3));
  }
}
