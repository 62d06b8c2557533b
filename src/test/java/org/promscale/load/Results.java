package org.promscale.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.promscale.testbed.JsonText;

/**
 * The raw results of one scenario, read back.
 *
 * @param content the file
 */
record Results(Map<String, Object> content) {

  /** Reads every file of a directory, by scenario. */
  static Map<String, Results> read(Path directory) throws IOException {
    Map<String, Results> all = new TreeMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).toList()) {
        Results results = parse(Files.readString(file));
        all.put(results.text("scenario"), results);
      }
    }
    return all;
  }

  @SuppressWarnings("unchecked") // a file that RawResult has written
  static Results parse(String json) {
    return new Results((Map<String, Object>) Objects.requireNonNull(JsonText.parse(json)));
  }

  /** Returns a fact of the scenario as text, empty when it is not there. */
  String text(String name) {
    return words(content.get(name));
  }

  private static String words(@Nullable Object value) {
    if (value instanceof Double number && number == Math.rint(number)) {
      return String.valueOf(number.longValue());
    }
    return value == null ? "" : String.valueOf(value);
  }

  /** Returns a fact that is a number. */
  double number(String name) {
    return content.get(name) instanceof Double number ? number : Double.NaN;
  }

  /** Returns the members of a fact. */
  Map<String, Object> map(String name) {
    Map<String, Object> members = new LinkedHashMap<>();
    if (content.get(name) instanceof Map<?, ?> map) {
      map.forEach((key, value) -> members.put(String.valueOf(key), Objects.requireNonNull(value)));
    }
    return members;
  }

  /** Returns what the machine was, in one line each. */
  String machine(String name) {
    return words(map("machine").get(name));
  }

  /** Returns the names of what was measured, in the order of the first measurements. */
  List<String> whats() {
    return windows().stream().map(window -> String.valueOf(window.get("what"))).distinct().toList();
  }

  private List<Map<?, ?>> windows() {
    List<Map<?, ?>> windows = new ArrayList<>();
    if (content.get("windows") instanceof List<?> list) {
      list.forEach(window -> windows.add((Map<?, ?>) Objects.requireNonNull(window)));
    }
    return windows;
  }

  /** Returns a figure of every measurement that has it, by repetition. */
  Map<Integer, Double> each(String what, String figure) {
    Map<Integer, Double> values = new TreeMap<>();
    for (Map<?, ?> window : windows()) {
      if (what.equals(window.get("what"))
          && window.get(figure) instanceof Double value
          && window.get("repetition") instanceof Double repetition) {
        values.put(repetition.intValue(), value);
      }
    }
    return values;
  }

  /** Returns what part of the processors others used meanwhile, the median over measurements. */
  double othersShare() {
    List<Double> shares = new ArrayList<>();
    for (String what : whats()) {
      quotients(what, "othersCpu", "seconds").forEach(used -> shares.add(used));
    }
    return map("machine").get("cores") instanceof Double cores
        ? median(shares) / cores
        : Double.NaN;
  }

  /** Returns a figure of every measurement. */
  List<Double> all(String what, String figure) {
    return List.copyOf(each(what, figure).values());
  }

  /** Returns the median of a figure, NaN when nothing was measured. */
  double median(String what, String figure) {
    return median(all(what, figure));
  }

  /** Returns one figure divided by another one of the same measurement, for every measurement. */
  List<Double> quotients(String what, String figure, String by) {
    return quotients(each(what, figure), each(what, by));
  }

  /** Returns a figure divided by that of something else in the same repetition. */
  List<Double> ratios(String what, String toWhat, String figure) {
    return quotients(each(what, figure), each(toWhat, figure));
  }

  private static List<Double> quotients(Map<Integer, Double> above, Map<Integer, Double> below) {
    List<Double> quotients = new ArrayList<>();
    above.forEach(
        (repetition, value) -> {
          Double divisor = below.get(repetition);
          if (divisor != null && divisor != 0) {
            quotients.add(value / divisor);
          }
        });
    return quotients;
  }

  static double median(List<Double> values) {
    return values.isEmpty() ? Double.NaN : LoadPairs.median(values);
  }

  /** Returns a number as people write it: three digits or so. */
  static String rough(double value) {
    double size = Math.abs(value);
    if (Double.isNaN(value)) {
      return "";
    }
    if (size >= 10_000) {
      return String.format(Locale.ROOT, "%,d", Math.round(value / 1000) * 1000);
    }
    String format = size >= 100 ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, format, value);
  }

  /** Returns the median, and between which values all lie. */
  static String spread(List<Double> values) {
    if (values.isEmpty()) {
      return "";
    }
    if (values.size() == 1) {
      return rough(values.get(0));
    }
    List<Double> sorted = values.stream().sorted().toList();
    return rough(median(sorted))
        + " ("
        + rough(sorted.get(0))
        + "–"
        + rough(sorted.get(sorted.size() - 1))
        + ")";
  }
}
