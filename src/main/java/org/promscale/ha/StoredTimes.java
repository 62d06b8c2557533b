package org.promscale.ha;

import java.util.Arrays;

/**
 * What is stored of one series around some instant. The arrays belong to the record; nobody changes
 * them.
 *
 * @param timesMs times of its samples, ascending, no time twice
 * @param stale for each of them whether it is a stale marker: the series ended there
 */
@SuppressWarnings("ArrayRecordComponent") // columns of one look, never compared
public record StoredTimes(long[] timesMs, boolean[] stale) {

  /** Nothing is stored. */
  public static final StoredTimes NONE = of();

  /** Returns samples at these times, none of them a stale marker. */
  public static StoredTimes of(long... timesMs) {
    return new StoredTimes(timesMs, new boolean[timesMs.length]);
  }

  /** Tells whether one of them is a stale marker. */
  boolean hasStale() {
    for (boolean one : stale) {
      if (one) {
        return true;
      }
    }
    return false;
  }

  /** Gathers them in ascending order. One thread. */
  public static final class Builder {
    private long[] timesMs = new long[16];
    private boolean[] stale = new boolean[16];
    private int size;

    /** Adds the next one. */
    public void add(long timeMs, boolean isStale) {
      if (size == timesMs.length) {
        timesMs = Arrays.copyOf(timesMs, 2 * size);
        stale = Arrays.copyOf(stale, 2 * size);
      }
      timesMs[size] = timeMs;
      stale[size++] = isStale;
    }

    /** Returns what was added. */
    public StoredTimes build() {
      return new StoredTimes(Arrays.copyOf(timesMs, size), Arrays.copyOf(stale, size));
    }
  }
}
