package org.promscale.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** CPU seconds from {@code /proc}. Thread-safe. */
public final class CpuTime {

  /** Clock ticks per second of {@code /proc}: 100 on every Linux that runs these tests. */
  private static final double TICKS_PER_SECOND = 100;

  private CpuTime() {}

  /** Returns the user and system seconds of a living process without its children. */
  public static double of(long pid) {
    List<String> fields = fields(pid);
    return (ticks(fields, 14) + ticks(fields, 15)) / TICKS_PER_SECOND;
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

  private static List<String> fields(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc", String.valueOf(pid), "stat"));
      // The program's name, field 2, may contain blanks: field 3 follows the last parenthesis.
      return List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns a field by its number in proc(5). */
  private static long ticks(List<String> fields, int number) {
    return Long.parseLong(fields.get(number - 3));
  }
}
