package org.promscale.testbed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Prometheus' own opinion of a metrics page: {@code promtool check metrics}. */
public final class MetricsLint {

  private MetricsLint() {}

  /** Returns what promtool complains about, empty if nothing. */
  public static String check(String metricsPage) throws IOException, InterruptedException {
    Path page = Files.createTempFile("promscale-metrics", ".txt");
    Path complaints = Files.createTempFile("promscale-promtool", ".log");
    try {
      Files.writeString(page, metricsPage);
      Process promtool =
          new ProcessBuilder(Programs.require("promtool", "prometheus"), "check", "metrics")
              .redirectInput(page.toFile())
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
      Files.delete(page);
      Files.delete(complaints);
    }
  }
}
