package org.promscale.model;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Float samples of one batch, in columns, in arrival order. Values are raw IEEE 754 bits, because a
 * stale marker does not survive arithmetic. One thread at a time; the batch's holder owns it.
 */
public final class Samples {

  private int[] series;
  private long[] timestampMs;
  private long[] valueBits;
  private int size;

  /** Makes an empty list with room for this many samples. */
  public Samples(int capacity) {
    int room = Math.max(8, capacity);
    series = new int[room];
    timestampMs = new long[room];
    valueBits = new long[room];
  }

  /**
   * Adds a sample.
   *
   * @param seriesRow row of the batch's {@link SeriesTable}
   * @param timestamp milliseconds since 1970, may be negative
   * @param bits raw bits of the value
   */
  public void add(int seriesRow, long timestamp, long bits) {
    if (size == series.length) {
      int room = size * 2;
      series = Arrays.copyOf(series, room);
      timestampMs = Arrays.copyOf(timestampMs, room);
      valueBits = Arrays.copyOf(valueBits, room);
    }
    series[size] = seriesRow;
    timestampMs[size] = timestamp;
    valueBits[size] = bits;
    size++;
  }

  /** Keeps the samples whose index the condition accepts, in order, and forgets the others. */
  public void retain(IntPredicate condition) {
    int kept = 0;
    for (int i = 0; i < size; i++) {
      if (condition.test(i)) {
        series[kept] = series[i];
        timestampMs[kept] = timestampMs[i];
        valueBits[kept] = valueBits[i];
        kept++;
      }
    }
    size = kept;
  }

  /** Returns the number of samples. */
  public int size() {
    return size;
  }

  /** Returns the row of the sample's series in the batch's {@link SeriesTable}. */
  public int series(int index) {
    return series[index];
  }

  /** Returns the sample's time, in milliseconds since 1970. */
  public long timestampMs(int index) {
    return timestampMs[index];
  }

  /** Returns the raw bits of the sample's value. */
  public long valueBits(int index) {
    return valueBits[index];
  }
}
