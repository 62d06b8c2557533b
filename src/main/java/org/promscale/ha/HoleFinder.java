package org.promscale.ha;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Finds which samples fit holes of one series. A hole at time t of a series with spacing d, between
 * stored neighbours p &lt; t &lt; n: n - p &gt; 1.5 d; without n: t - p &gt;= d in a running term,
 * whose leader may still be about to scrape, and &gt;= d/2 in one that is over; without p: always.
 * After a stale marker of the running term: none, its leader saw the series end. A sample fits when
 * it is also at least d/2 away from both. So after filling, no distance is twice the spacing, and
 * no sample stands close beside another author's.
 */
public final class HoleFinder {

  /** The spacing is the median of at most this many: half of them may be holes or seams. */
  private static final int DISTANCES = 16;

  /**
   * So many of the series itself need no second opinion. Of a series that has only just begun
   * nobody knows how often it is scraped; beside a leader that goes on it is left alone.
   */
  private static final int HABIT = 8;

  /** Fewer are no habit: one of them may lie between two authors. */
  private static final int LEAST_DISTANCES = 3;

  private HoleFinder() {}

  /**
   * Returns for each candidate whether it fits; one that fits is a neighbour for those after it.
   *
   * @param stored samples around the candidates
   * @param candidatesMs times of the candidates, ascending, no time twice
   * @param runningFromMs where the running term starts; {@link Long#MAX_VALUE} if none runs there
   */
  public static boolean[] fits(StoredTimes stored, long[] candidatesMs, long runningFromMs) {
    long[] storedMs = stored.timesMs();
    boolean[] fits = new boolean[candidatesMs.length];
    long spacing = spacing(storedMs, candidatesMs, runningFromMs);
    int next = 0;
    long previous = Lease.NO_TIME;
    boolean ended = false;
    for (int i = 0; i < candidatesMs.length; i++) {
      long t = candidatesMs[i];
      while (next < storedMs.length && storedMs[next] < t) {
        ended = stored.stale()[next] && storedMs[next] > runningFromMs;
        previous = Math.max(previous, storedMs[next++]);
      }
      boolean hasNext = next < storedMs.length;
      boolean running = t > runningFromMs;
      if (ended || (running && next <= HABIT) || (hasNext && storedMs[next] == t)) {
        continue;
      }
      long after = hasNext ? storedMs[next] : Long.MAX_VALUE;
      if (fits(previous, t, after, spacing, running)) {
        fits[i] = true;
        previous = t;
      }
    }
    return fits;
  }

  /**
   * Tells whether a standby's sample shows a hole of a series that the leader has been storing.
   * Where too little is stored to know how often, it does not.
   *
   * @param stored samples around it
   * @param timestampMs its time
   * @param runningFromMs as above
   */
  public static boolean isHole(StoredTimes stored, long timestampMs, long runningFromMs) {
    int at = Arrays.binarySearch(stored.timesMs(), timestampMs);
    return at < 0
        && -at - 1 > 0
        && stored.timesMs().length >= LEAST_DISTANCES
        && fits(stored, new long[] {timestampMs}, runningFromMs)[0];
  }

  private static boolean fits(long previous, long t, long next, long spacing, boolean running) {
    boolean hasPrevious = previous != Lease.NO_TIME;
    boolean hasNext = next != Long.MAX_VALUE;
    if (hasPrevious && 2 * (t - previous) < spacing) {
      return false;
    }
    if (hasNext && 2 * (next - t) < spacing) {
      return false;
    }
    if (hasPrevious && !hasNext && running) {
      // Scrapes are a little early or late: without some room every other one would be left out.
      return 20 * (t - previous) >= 19 * spacing;
    }
    return !hasPrevious || !hasNext || 2 * (next - previous) > 3 * spacing;
  }

  /**
   * The series' own habit just before the candidates, if it is long enough to be one. Else theirs:
   * one replica scrapes them, while few stored distances may be holes or lie between two authors.
   */
  private static long spacing(long[] storedMs, long[] candidatesMs, long runningFromMs) {
    if (candidatesMs.length == 0) {
      return 0;
    }
    int found = Arrays.binarySearch(storedMs, candidatesMs[0]);
    int end = found < 0 ? -found - 1 : found;
    long[] before = Arrays.copyOfRange(storedMs, Math.max(0, end - DISTANCES - 1), end);
    if (candidatesMs[0] > runningFromMs) {
      return largestHabit(storedMs, before, candidatesMs);
    }
    if (before.length > HABIT) {
      return median(before);
    }
    if (candidatesMs.length > LEAST_DISTANCES) {
      return median(candidatesMs);
    }
    // The more the better, also from after the hole: before it there are only seams, perhaps.
    return storedMs.length > LEAST_DISTANCES ? median(storedMs) : shortest(storedMs, candidatesMs);
  }

  /**
   * Beside a leader that goes on, a spacing that is too small would be worse than one that is too
   * large: once samples of two authors alternate, their distances alone say that it has to be so.
   */
  private static long largestHabit(long[] storedMs, long[] before, long[] candidatesMs) {
    return Stream.of(before, storedMs, candidatesMs)
        .filter(times -> times.length > LEAST_DISTANCES)
        .mapToLong(HoleFinder::median)
        .max()
        .orElseGet(() -> shortest(storedMs, candidatesMs));
  }

  /** Too few to be a habit, and all but the shortest may be holes. */
  private static long shortest(long[] storedMs, long[] candidatesMs) {
    return LongStream.concat(distances(storedMs), distances(candidatesMs)).min().orElse(0);
  }

  private static LongStream distances(long[] times) {
    return IntStream.range(1, times.length).mapToLong(i -> times[i] - times[i - 1]);
  }

  /** Of two in the middle the shorter one: holes only make distances longer. */
  static long median(long[] times) {
    long[] sorted = distances(times).sorted().toArray();
    return sorted[(sorted.length - 1) / 2];
  }
}
