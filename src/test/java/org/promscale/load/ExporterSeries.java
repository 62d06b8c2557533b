package org.promscale.load;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.promscale.testbed.HttpProbe;
import org.promscale.testbed.NodeExporter;

/**
 * A series of a real exporter.
 *
 * @param labels its labels with the metric name
 * @param value the value at the time of the scrape
 */
record ExporterSeries(Map<String, String> labels, double value) {

  private static final Pattern LINE =
      Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)\\})? (\\S+)(?: -?\\d+)?");
  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\]|\\\\.)*)\"");

  /** Scrapes Debian's node exporter once. */
  static List<ExporterSeries> scrape() throws IOException {
    try (NodeExporter exporter = NodeExporter.startNew()) {
      return parse(HttpProbe.get(exporter.metricsUri(), Duration.ofSeconds(10)).body());
    }
  }

  /** Reads the text format of exporters. */
  static List<ExporterSeries> parse(String page) {
    List<ExporterSeries> series = new ArrayList<>();
    for (String line : page.lines().filter(l -> !l.isEmpty() && !l.startsWith("#")).toList()) {
      Matcher match = LINE.matcher(line);
      if (!match.matches()) {
        throw new IllegalArgumentException("not a sample: " + line);
      }
      Map<String, String> labels = new TreeMap<>();
      labels.put("__name__", match.group(1));
      if (match.group(2) != null) {
        Matcher label = LABEL.matcher(match.group(2));
        while (label.find()) {
          labels.put(label.group(1), unescape(label.group(2)));
        }
      }
      series.add(new ExporterSeries(labels, value(match.group(3))));
    }
    return series;
  }

  /** Tells whether the value grows with every scrape. */
  boolean isCounter() {
    return labels.getOrDefault("__name__", "").endsWith("_total");
  }

  /** Returns this series as scraped from another machine. */
  ExporterSeries with(Map<String, String> more) {
    Map<String, String> all = new TreeMap<>(labels);
    all.putAll(more);
    return new ExporterSeries(all, value);
  }

  private static double value(String text) {
    return switch (text) {
      case "+Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }

  private static String unescape(String text) {
    return text.replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\");
  }
}
