package org.promscale.sim;

import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.promscale.model.StaleMarker;
import org.promscale.storage.TwinDatabase.Stored;
import org.promscale.storage.TwinHistory;

/** Judges by I1 who has written the samples of a series. */
final class Authors {

  private static final double TOLERANCE = 0.02;

  /** Between the look of a transaction that fills and its commit. */
  private static final long FILLING_MS = 50;

  private final World world;
  private final long stepMs;
  private final List<TwinHistory.Patch> patches;
  private final Consumer<String> add;

  Authors(World world, List<TwinHistory.Patch> patches, Consumer<String> add) {
    this.world = world;
    this.stepMs = world.plan().stepMs();
    this.patches = patches;
    this.add = add;
  }

  void judge(int series, List<TwinHistory.Term> terms) {
    NavigableMap<Long, Stored> stored = world.database().samples(WriteRequest.idOf(series));
    int size = stored.size();
    long[] times = new long[size];
    String[] authors = new String[size];
    boolean[] ahead = new boolean[size];
    long[] storedAt = new long[size];
    int n = 0;
    for (Map.Entry<Long, Stored> entry : stored.entrySet()) {
      long bits = entry.getValue().valueBits();
      times[n] = entry.getKey();
      authors[n] =
          StaleMarker.is(bits)
              ? terms.get(Evidence.termAt(terms, times[n])).leader()
              : Replica.authorOf(bits);
      ahead[n] = times[n] > entry.getValue().committedAtMs();
      storedAt[n] = entry.getValue().trueMs();
      n++;
    }
    int first = 0;
    while (first < size) {
      int term = Evidence.termAt(terms, times[first]);
      int end = first + 1;
      while (end < size
          && authors[end].equals(authors[first])
          && Evidence.termAt(terms, times[end]) == term) {
        end++;
      }
      if (!authors[first].equals(terms.get(term).leader())) {
        judgeRun(series, times, authors, ahead, storedAt, first, end, terms.get(term));
      }
      first = end;
    }
  }

  private void judgeRun(
      int series,
      long[] times,
      String[] authors,
      boolean[] ahead,
      long[] storedAt,
      int first,
      int end,
      TwinHistory.Term term) {
    String problem = null;
    for (int i = first; i < end; i++) {
      long at = times[i];
      String author = authors[i];
      if (!ahead[i] && patches.stream().noneMatch(p -> p.allows(author, at))) {
        problem = author + "@" + at + " in no patch of " + author;
      }
      if (ahead[i]) {
        return;
      }
    }
    if (problem == null && storedBefore(storedAt, first) > Holes.YOUNG) {
      problem = misfit(times, authors, ahead, storedAt, first, end);
    }
    if (problem != null) {
      StringBuilder around = new StringBuilder();
      for (int i = Math.max(0, first - 3); i < Math.min(times.length, end + 3); i++) {
        around.append(' ').append(authors[i]).append('@').append(Evidence.shown(times[i]));
      }
      add.accept(
          "I1: %d of %s in %s of %s (%s .. %s): %s; series %d:%s"
              .formatted(
                  end - first,
                  authors[first],
                  "term " + term.number(),
                  term.leader(),
                  Evidence.shown(term.startMs()),
                  Evidence.shown(term.endMs()),
                  problem,
                  series,
                  around));
    }
  }

  /** Returns how many of the samples before this one had been stored when it was. */
  private static long storedBefore(long[] storedAt, int at) {
    return LongStream.of(storedAt).limit(at).filter(ms -> ms < storedAt[at]).count();
  }

  /**
   * Judges a run by what was stored before it: a late sample of the leader beside it had to fit, or
   * was past the seal. What is past it is stored without asking whoever fills, who may have looked
   * a moment before.
   */
  private @Nullable String misfit(
      long[] times, String[] authors, boolean[] ahead, long[] storedAt, int first, int end) {
    int before = first - 1;
    while (before >= 0 && storedAt[before] > storedAt[first]) {
      before--;
    }
    int after = end;
    while (after < times.length
        && storedAt[after]
            > storedAt[first]
                - (isPastSeal(times, authors, storedAt, first, after) ? FILLING_MS : 0)) {
      after++;
    }
    if (before < 0) {
      return null;
    }
    if (times[first] - times[before] < steps(0.5)) {
      return "less than half a step after its neighbour";
    }
    return after < times.length
            && times[after] - times[before] < steps(1.5)
            && !nearAhead(ahead, after)
        ? "where no hole was"
        : null;
  }

  /** Tells whether a sample lies beyond the patches that allowed another one when it was stored. */
  private boolean isPastSeal(long[] times, String[] authors, long[] storedAt, int of, int after) {
    return patches.stream()
        .filter(p -> p.allows(authors[of], times[of]) && p.trueOpenMs() <= storedAt[of])
        .noneMatch(p -> times[after] <= p.endMs());
  }

  private static boolean nearAhead(boolean[] ahead, int at) {
    return ahead[at] || (at > 0 && ahead[at - 1]);
  }

  private double steps(double number) {
    return (number - TOLERANCE) * stepMs;
  }
}
