package org.promscale.testbed;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.promscale.model.StaleMarker;

/**
 * One sample as the outside sees it. Two points are equal when series, time and every bit of the
 * value are.
 *
 * @param series the label set in canonical form, see {@link #series}
 * @param timestampMs milliseconds since 1970
 * @param valueBits the raw bits of the value, so that stale markers and NaN payloads count
 */
public record SamplePoint(String series, long timestampMs, long valueBits)
    implements Comparable<SamplePoint> {

  /** Writes a label set, the metric name included, in one canonical form. */
  public static String series(Map<String, String> labels) {
    return new TreeMap<>(labels)
        .entrySet().stream()
            .filter(label -> !label.getValue().isEmpty())
            .map(label -> label.getKey() + "=\"" + label.getValue() + '"')
            .collect(Collectors.joining(",", "{", "}"));
  }

  /** Tells whether the value is the stale marker. */
  public boolean isStale() {
    return StaleMarker.is(valueBits);
  }

  @Override
  public int compareTo(SamplePoint other) {
    int bySeries = series.compareTo(other.series);
    if (bySeries != 0) {
      return bySeries;
    }
    int byTime = Long.compare(timestampMs, other.timestampMs);
    return byTime != 0 ? byTime : Long.compare(valueBits, other.valueBits);
  }

  @Override
  public String toString() {
    return series
        + " @"
        + timestampMs
        + " "
        + Double.longBitsToDouble(valueBits)
        + " (0x"
        + Long.toHexString(valueBits)
        + ")";
  }
}
