package org.promscale.ha;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Finds which samples fit holes of one series. A hole at time t of a series with spacing d, between
 * stored neighbours p &lt; t &lt; n: n - p &gt; 1.5 d; without n: t - p &gt;= d in a running term,
 * whose leader may still be about to scrape, and &gt;= d/2 in one that is over; without p: always.
 * After a stale marker of the running term: none, its leader saw the series end; unless it lies in
 * a patch and in the phase of the candidates, who filled it in. A sample fits when it is also at
 * least d/2 away from both. So after filling, no distance is twice the spacing, and no sample
 * stands close beside another author's.
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

  /** Of two distances of one author the shorter one is hardly a hole as well. */
  private static final int LEAST_OF_ONE_AUTHOR = 2;

  private HoleFinder() {}

  /**
   * Returns for each candidate whether it fits; one that fits is a neighbour for those after it.
   *
   * @param stored samples around the candidates
   * @param candidatesMs times of the candidates, ascending, no time twice
   * @param authors who wrote what is stored
   */
  public static boolean[] fits(StoredTimes stored, long[] candidatesMs, Authorship authors) {
    long[] storedMs = stored.timesMs();
    long runningFromMs = authors.runningFromMs();
    boolean[] fits = new boolean[candidatesMs.length];
    long spacing = spacing(storedMs, candidatesMs, authors);
    int next = 0;
    long previous = Lease.NO_TIME;
    boolean ended = false;
    for (int i = 0; i < candidatesMs.length; i++) {
      long t = candidatesMs[i];
      while (next < storedMs.length && storedMs[next] < t) {
        ended =
            stored.stale()[next]
                && storedMs[next] > runningFromMs
                && !(authors.mayBeFilled(storedMs[next])
                    && areOfOnePhase(storedMs[next], t, spacing));
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
   * @param authors as above
   */
  public static boolean isHole(StoredTimes stored, long timestampMs, Authorship authors) {
    int at = Arrays.binarySearch(stored.timesMs(), timestampMs);
    return at < 0
        && -at - 1 > 0
        && stored.timesMs().length >= LEAST_DISTANCES
        && fits(stored, new long[] {timestampMs}, authors)[0];
  }

  /** Tells whether one server scrapes both: a whole number of intervals lies between them. */
  private static boolean areOfOnePhase(long earlierMs, long laterMs, long spacing) {
    return spacing > 0
        && 20 * Math.abs((laterMs - earlierMs + spacing / 2) % spacing - spacing / 2) <= spacing;
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
   * Tells whether it may matter who wrote what is stored of a series: whether so little of it is
   * that samples of several authors may be the larger part, or somebody says that it ended.
   *
   * @param candidateMs the first candidate
   */
  public static boolean asksForAuthors(StoredTimes stored, long candidateMs) {
    return before(stored.timesMs(), candidateMs) <= DISTANCES || stored.hasStale();
  }

  /** Returns how many samples are stored before an instant. */
  private static int before(long[] storedMs, long timeMs) {
    int found = Arrays.binarySearch(storedMs, timeMs);
    return found < 0 ? -found - 1 : found;
  }

  /**
   * Where few stored distances do not agree, some lie between two authors; then those of one author
   * count, if they are larger. Else a young series that was filled once too often would be filled
   * for good: samples of two authors that alternate say by themselves that it has to be so.
   */
  private static long spacing(long[] storedMs, long[] candidatesMs, Authorship authors) {
    if (candidatesMs.length == 0) {
      return 0;
    }
    int end = before(storedMs, candidatesMs[0]);
    long[] before = Arrays.copyOfRange(storedMs, Math.max(0, end - DISTANCES - 1), end);
    long ofAll = ofAll(storedMs, before, candidatesMs, authors.runningFromMs());
    if (before.length > HABIT && agree(before)) {
      return ofAll;
    }
    long some = Math.max(ofAll, steady(storedMs));
    return before.length > DISTANCES
        ? some
        : Math.max(some, ofOneAuthor(storedMs, candidatesMs, authors));
  }

  /** Tells whether most distances are alike: holes, which are longer, are few, and so are seams. */
  private static boolean agree(long[] times) {
    long[] sorted = distances(times).sorted().toArray();
    return 16 * sorted[sorted.length * 3 / 4] <= 17 * middle(sorted)
        && 16 * middle(sorted) <= 17 * sorted[sorted.length / 4];
  }

  /**
   * Returns the shortest distance that comes three times running and exactly, as of one author:
   * that of two who alternate hardly does. 0 if none.
   */
  private static long steady(long[] times) {
    long[] all = distances(times).toArray();
    long steady = Long.MAX_VALUE;
    for (int end = LEAST_DISTANCES; end <= all.length; end++) {
      long[] sorted = Arrays.stream(all, end - LEAST_DISTANCES, end).sorted().toArray();
      if (areExactly(sorted[0], sorted[sorted.length - 1])) {
        steady = Math.min(steady, middle(sorted));
      }
    }
    return steady == Long.MAX_VALUE ? 0 : steady;
  }

  /** Of four one may be a hole, of three none: else the shortest is the only one that is none. */
  private static boolean holesAreFew(long[] sorted) {
    int most = sorted.length < 4 ? sorted.length - 1 : (sorted.length - 1) * 3 / 4;
    return 4 * sorted[most] <= 5 * middle(sorted)
        && 4 * middle(sorted) <= 5 * sorted[sorted.length < 4 ? 0 : sorted.length / 4];
  }

  /**
   * Returns the shortest distance that comes twice and exactly, or the one it is a multiple of:
   * then both are holes. 0 if none.
   */
  private static long twice(long[] sorted) {
    for (int i = 1; i < sorted.length; i++) {
      if (areExactly(sorted[i - 1], sorted[i])) {
        long twice = sorted[i - 1];
        return areOfOnePhase(0, twice, sorted[0]) ? sorted[0] : twice;
      }
    }
    return 0;
  }

  private static boolean areExactly(long shorter, long longer) {
    return 50 * longer <= 51 * shorter;
  }

  /**
   * Returns the median distance of stored neighbours that have one author, or that of the
   * candidates, which have one too, if it is smaller: holes only make distances longer. 0 if too
   * few are known, or if they do not agree either: they may all be holes.
   */
  private static long ofOneAuthor(long[] storedMs, long[] candidatesMs, Authorship authors) {
    long[] sorted =
        IntStream.range(1, storedMs.length)
            .filter(i -> authors.isOne(storedMs[i - 1], storedMs[i]))
            .mapToLong(i -> storedMs[i] - storedMs[i - 1])
            .sorted()
            .toArray();
    long stored = twice(sorted);
    if (stored == 0 && sorted.length >= LEAST_OF_ONE_AUTHOR && holesAreFew(sorted)) {
      stored = middle(sorted);
    }
    return candidatesMs.length > LEAST_DISTANCES ? Math.min(stored, median(candidatesMs)) : stored;
  }

  /**
   * The series' own habit just before the candidates, if it is long enough to be one. Else theirs:
   * one replica scrapes them, while few stored distances may be holes or lie between two authors.
   */
  private static long ofAll(
      long[] storedMs, long[] before, long[] candidatesMs, long runningFromMs) {
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

  static long median(long[] times) {
    return middle(distances(times).sorted().toArray());
  }

  /** Of two in the middle the shorter one: holes only make distances longer. */
  private static long middle(long[] sorted) {
    return sorted[(sorted.length - 1) / 2];
  }
}
