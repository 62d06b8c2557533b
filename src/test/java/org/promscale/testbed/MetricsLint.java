package org.promscale.testbed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Prometheus' own opinion of what is made for it: {@code promtool check}. */
public final class MetricsLint {

  private MetricsLint() {}

  /** Returns what promtool complains about in a metrics page, empty if nothing. */
  public static String check(String metricsPage) throws IOException, InterruptedException {
    Path page = Files.createTempFile("promscale-metrics", ".txt");
    try {
      Files.writeString(page, metricsPage);
      return promtool(new ProcessBuilder(program(), "check", "metrics"), page);
    } finally {
      Files.delete(page);
    }
  }

  /** Returns what promtool says about alert rules; how it ended is at the end if it complains. */
  public static String checkRules(String rules) throws IOException, InterruptedException {
    Path file = Files.createTempFile("promscale-rules", ".yml");
    try {
      Files.writeString(file, rules);
      return promtool(new ProcessBuilder(program(), "check", "rules", file.toString()), file);
    } finally {
      Files.delete(file);
    }
  }

  private static String program() {
    return Programs.require("promtool", "prometheus");
  }

  private static String promtool(ProcessBuilder command, Path input)
      throws IOException, InterruptedException {
    Path complaints = Files.createTempFile("promscale-promtool", ".log");
    try {
      Process promtool =
          command
              .redirectInput(input.toFile())
              .redirectErrorStream(true)
              .redirectOutput(complaints.toFile())
              .start();
      if (!promtool.waitFor(30, TimeUnit.SECONDS)) {
        promtool.destroyForcibly();
        return "promtool did not end";
      }
      String output = Files.readString(complaints).strip();
      return promtool.exitValue() == 0 ? output : output + " (exit " + promtool.exitValue() + ")";
    } finally {
      Files.delete(complaints);
    }
  }
}
