package org.promscale.ha;

import java.util.Arrays;

/**
 * Finds which samples fit holes of one series. A hole at time t of a series with spacing d, between
 * stored neighbours p &lt; t &lt; n: n - p &gt; 1.5 d; without n: t - p &gt;= d/2; without p:
 * always. A sample fits when it is also at least d/2 away from both. So after filling, no distance
 * is twice the spacing, and no sample stands close beside another author's.
 */
public final class HoleFinder {

  /** The spacing is the median of at most this many distances. */
  private static final int DISTANCES = 8;

  /** Fewer are no habit: one of them may lie between two authors. */
  private static final int LEAST_DISTANCES = 3;

  private HoleFinder() {}

  /**
   * Returns for each candidate whether it fits; one that fits is a neighbour for those after it.
   *
   * @param storedMs times of stored samples around the candidates, ascending
   * @param candidatesMs times of the candidates, ascending, no time twice
   */
  public static boolean[] fits(long[] storedMs, long[] candidatesMs) {
    boolean[] fits = new boolean[candidatesMs.length];
    long spacing = spacing(storedMs, candidatesMs);
    int next = 0;
    long previous = Lease.NO_TIME;
    for (int i = 0; i < candidatesMs.length; i++) {
      long t = candidatesMs[i];
      while (next < storedMs.length && storedMs[next] < t) {
        previous = Math.max(previous, storedMs[next++]);
      }
      boolean hasNext = next < storedMs.length;
      if (hasNext && storedMs[next] == t) {
        continue;
      }
      long after = hasNext ? storedMs[next] : Long.MAX_VALUE;
      if (fits(previous, t, after, spacing)) {
        fits[i] = true;
        previous = t;
      }
    }
    return fits;
  }

  private static boolean fits(long previous, long t, long next, long spacing) {
    boolean hasPrevious = previous != Lease.NO_TIME;
    boolean hasNext = next != Long.MAX_VALUE;
    if (hasPrevious && 2 * (t - previous) < spacing) {
      return false;
    }
    if (hasNext && 2 * (next - t) < spacing) {
      return false;
    }
    return !hasPrevious || !hasNext || 2 * (next - previous) > 3 * spacing;
  }

  /** The series' own habit just before the candidates; else around them; else theirs. */
  private static long spacing(long[] storedMs, long[] candidatesMs) {
    if (candidatesMs.length == 0) {
      return 0;
    }
    int before = Arrays.binarySearch(storedMs, candidatesMs[0]);
    int end = before < 0 ? -before - 1 : before;
    if (end > LEAST_DISTANCES) {
      return median(Arrays.copyOfRange(storedMs, Math.max(0, end - DISTANCES - 1), end));
    }
    if (storedMs.length > LEAST_DISTANCES) {
      return median(storedMs);
    }
    if (candidatesMs.length > LEAST_DISTANCES) {
      return median(candidatesMs);
    }
    // Too few to be a habit, and the largest may be the hole itself.
    long smallest = Math.min(smallest(storedMs), smallest(candidatesMs));
    return smallest == Long.MAX_VALUE ? 0 : smallest;
  }

  private static long smallest(long[] times) {
    long smallest = Long.MAX_VALUE;
    for (int i = 1; i < times.length; i++) {
      smallest = Math.min(smallest, times[i] - times[i - 1]);
    }
    return smallest;
  }

  private static long median(long[] times) {
    if (times.length < 2) {
      return 0;
    }
    long[] distances = new long[times.length - 1];
    for (int i = 0; i < distances.length; i++) {
      distances[i] = times[i + 1] - times[i];
    }
    Arrays.sort(distances);
    return distances[distances.length / 2];
  }
}
