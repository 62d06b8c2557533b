package org.promscale.model;

import java.util.Arrays;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * The label set of one series: names in ascending order of their UTF-8 bytes, no name twice, no
 * empty value (an empty value means the label is absent). Immutable, safe to share.
 *
 * <p>Only series that the connector has not seen before become {@code Labels}: a warm series is
 * known by its {@linkplain SeriesHasher keyed hash} alone.
 */
public final class Labels {

  /** The label that holds the metric's name. */
  public static final String METRIC_NAME = "__name__";

  /**
   * Order of label names: by UTF-8 bytes, which is the order of code points. {@link
   * String#compareTo} differs above U+FFFF.
   */
  public static final Comparator<String> NAME_ORDER = Labels::compareCodePoints;

  private final String[] pairs;

  private Labels(String[] pairs) {
    this.pairs = pairs;
  }

  /**
   * Makes a label set of name, value, name, value … in any order; drops empty values.
   *
   * @throws IllegalArgumentException if a name is empty or stands twice, or a value is missing
   */
  public static Labels of(String... namesAndValues) {
    if (namesAndValues.length % 2 != 0) {
      throw new IllegalArgumentException("odd number of names and values");
    }
    int count = namesAndValues.length / 2;
    Integer[] order = new Integer[count];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparing(i -> namesAndValues[2 * i], NAME_ORDER));
    String[] sorted = new String[namesAndValues.length];
    int length = 0;
    String previous = "";
    for (Integer i : order) {
      String name = namesAndValues[2 * i];
      String value = namesAndValues[2 * i + 1];
      if (name.isEmpty()) {
        throw new IllegalArgumentException("empty label name");
      }
      if (name.equals(previous)) {
        throw new IllegalArgumentException("label name twice: " + name);
      }
      previous = name;
      if (!value.isEmpty()) {
        sorted[length++] = name;
        sorted[length++] = value;
      }
    }
    return new Labels(Arrays.copyOf(sorted, length));
  }

  /** Returns the number of labels. */
  public int size() {
    return pairs.length / 2;
  }

  /** Returns the name of the label at this position, from 0. */
  public String name(int position) {
    return pairs[2 * position];
  }

  /** Returns the value of the label at this position, from 0. */
  public String value(int position) {
    return pairs[2 * position + 1];
  }

  /** Returns the value of the label with this name, or {@code null} where the label is absent. */
  public @Nullable String get(String name) {
    for (int i = 0; i < pairs.length; i += 2) {
      if (pairs[i].equals(name)) {
        return pairs[i + 1];
      }
    }
    return null;
  }

  /** Returns the metric's name, or the empty string where the series has none. */
  public String metricName() {
    String name = get(METRIC_NAME);
    return name == null ? "" : name;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Labels that && Arrays.equals(pairs, that.pairs);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(pairs);
  }

  /** Returns the set as Prometheus prints it, for messages. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(metricName()).append('{');
    String separator = "";
    for (int i = 0; i < pairs.length; i += 2) {
      if (!pairs[i].equals(METRIC_NAME)) {
        text.append(separator).append(pairs[i]).append("=\"");
        text.append(pairs[i + 1].replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n"));
        text.append('"');
        separator = ", ";
      }
    }
    return text.append('}').toString();
  }

  private static int compareCodePoints(String left, String right) {
    int end = Math.min(left.length(), right.length());
    for (int i = 0; i < end; i++) {
      char a = left.charAt(i);
      char b = right.charAt(i);
      if (a != b) {
        // Surrogates stand for code points above all other chars.
        boolean aHigh = Character.isSurrogate(a);
        boolean bHigh = Character.isSurrogate(b);
        return aHigh == bHigh ? Character.compare(a, b) : aHigh ? 1 : -1;
      }
    }
    return Integer.compare(left.length(), right.length());
  }
}
