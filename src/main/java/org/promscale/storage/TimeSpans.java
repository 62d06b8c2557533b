package org.promscale.storage;

import java.util.Arrays;

/**
 * A set of moments in milliseconds since 1970, as stretches that neither touch nor overlap.
 * Immutable but for the memory of the last hit, so it may be shared by any number of threads.
 */
final class TimeSpans {

  static final TimeSpans NONE = new TimeSpans(new long[0], new long[0]);

  private final long[] starts;
  private final long[] ends;

  /** Only a hint: threads may overwrite each other's. */
  private int lastHit;

  private TimeSpans(long[] starts, long[] ends) {
    this.starts = starts;
    this.ends = ends;
  }

  /** Tells whether the moment is in the set; two comparisons where its neighbour was asked for. */
  boolean contains(long ms) {
    int hint = lastHit;
    if (hint < starts.length && ms >= starts[hint] && ms < ends[hint]) {
      return true;
    }
    int at = Arrays.binarySearch(starts, ms);
    int span = at >= 0 ? at : -at - 2;
    if (span < 0 || ms >= ends[span]) {
      return false;
    }
    lastHit = span;
    return true;
  }

  /** Returns this set and the stretch from start to end, end exclusive. */
  TimeSpans with(long start, long end) {
    if (end <= start) {
      return this;
    }
    long[] newStarts = new long[starts.length + 1];
    long[] newEnds = new long[starts.length + 1];
    int count = 0;
    long mergedStart = start;
    long mergedEnd = end;
    int i = 0;
    while (i < starts.length && ends[i] < start) {
      newStarts[count] = starts[i];
      newEnds[count++] = ends[i++];
    }
    while (i < starts.length && starts[i] <= end) {
      mergedStart = Math.min(mergedStart, starts[i]);
      mergedEnd = Math.max(mergedEnd, ends[i++]);
    }
    newStarts[count] = mergedStart;
    newEnds[count++] = mergedEnd;
    while (i < starts.length) {
      newStarts[count] = starts[i];
      newEnds[count++] = ends[i++];
    }
    return new TimeSpans(Arrays.copyOf(newStarts, count), Arrays.copyOf(newEnds, count));
  }
}
