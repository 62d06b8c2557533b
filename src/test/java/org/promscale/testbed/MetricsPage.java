package org.promscale.testbed;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A metrics page in the text format.
 *
 * @param lines every sample on it
 */
public record MetricsPage(List<Line> lines) {

  private static final Pattern LINE =
      Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)\\})? (\\S+)(?: -?\\d+)?");

  /**
   * A sample.
   *
   * @param labels as they stand between the braces
   */
  public record Line(String name, String labels, double value) {

    private boolean has(String label, String labelValue) {
      String pair = label + "=\"" + labelValue + '"';
      return Stream.of(labels.split(",(?=[a-zA-Z_])", -1)).anyMatch(pair::equals);
    }
  }

  /**
   * Gets a page.
   *
   * @throws IOException when it does not answer 200 within five seconds
   */
  public static MetricsPage of(URI page) throws IOException {
    HttpResponse<String> response = HttpProbe.get(page, Duration.ofSeconds(5));
    if (response.statusCode() != 200) {
      throw new IOException(page + " answered " + response.statusCode());
    }
    return parse(response.body());
  }

  /** Reads a page. */
  static MetricsPage parse(String text) {
    return new MetricsPage(
        text.lines()
            .map(LINE::matcher)
            .filter(Matcher::matches)
            .map(
                line ->
                    new Line(
                        line.group(1),
                        line.group(2) == null ? "" : line.group(2),
                        value(line.group(3))))
            .toList());
  }

  /** Returns the samples of a metric that have these labels; they may have more. */
  public List<Line> find(String name, Map<String, String> labels) {
    return lines.stream()
        .filter(line -> line.name().equals(name))
        .filter(
            line -> labels.entrySet().stream().allMatch(l -> line.has(l.getKey(), l.getValue())))
        .toList();
  }

  /** Returns the sum of the samples of a metric that have these labels, 0 without any. */
  public double sum(String name, Map<String, String> labels) {
    return find(name, labels).stream().mapToDouble(Line::value).sum();
  }

  private static double value(String text) {
    return switch (text) {
      case "+Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }
}
