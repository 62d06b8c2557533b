package org.promscale.ha;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which samples fit holes. Spacing is 10 unless a row says otherwise. */
class HoleFinderTest {

  @SuppressWarnings("ArrayRecordComponent") // rows of a table, never compared
  private record Row(String name, long[] stored, long[] candidates, long[] fitting) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static final long[] STEADY = {0, 10, 20, 30, 40, 50, 60, 70, 80};

  static Stream<Row> rows() {
    return Stream.of(
        new Row("between neighbours there is no hole", STEADY, at(35, 44), at()),
        new Row("the same time is there already", STEADY, at(40), at()),
        new Row("a missing sample is one", without(STEADY, 50), at(55), at(55)),
        new Row("a half spacing away is enough", without(STEADY, 50), at(45), at(45)),
        new Row("closer is not", without(STEADY, 50), at(44, 56), at()),
        new Row("exactly one and a half spacings is none", at(0, 10, 20, 35), at(27), at()),
        new Row(
            "a long hole is filled in one run",
            at(0, 10, 20, 30, 100),
            at(33, 43, 53, 63, 73, 83, 93),
            at(43, 53, 63, 73, 83, 93)),
        new Row("after the last one, from half a spacing on", STEADY, at(84, 85), at(85)),
        new Row("and on", STEADY, at(87, 97, 107), at(87, 97, 107)),
        new Row("before the first one always", at(100), at(3, 50), at(3, 50)),
        new Row(
            "of a series that has hardly begun, the holes are no habit",
            at(0, 60, 100, 110),
            at(18, 28, 38, 48),
            at(18, 28, 38, 48)),
        new Row(
            "nor is what two authors and a clock that jumped have left",
            at(0, 4, 10, 13, 25, 35, 45),
            at(18, 28, 38, 48),
            at()),
        new Row(
            "a few seams and a clock that jumped do not change a habit",
            at(26, 31, 36, 41, 46, 51, 56, 61, 66, 71, 76, 83, 86, 89, 94, 99, 103, 108, 111),
            at(113),
            at()),
        new Row(
            "of two habits the shorter one: holes only make distances longer",
            at(6, 16, 26, 42, 58),
            at(50),
            at(50)),
        new Row(
            "a young series with a seam: what comes after it tells more",
            at(9, 20, 35, 50, 58, 80, 95, 110, 125),
            at(64),
            at()),
        new Row(
            "a young series with a long hole: so too",
            at(5, 95, 110, 115, 130, 135, 140, 145),
            at(120),
            at(120)),
        new Row("of two distances one may be a hole", at(0, 10, 50), at(14, 60), at(60)),
        new Row("an unknown series takes everything", at(), at(1, 2, 3), at(1, 2, 3)));
  }

  private static long[] at(long... times) {
    return times;
  }

  private static long[] without(long[] times, long left) {
    return LongStream.of(times).filter(t -> t != left).toArray();
  }

  @ParameterizedTest
  @MethodSource("rows")
  @DisplayName("Fits")
  void fits(Row row) {
    assertThat(fitting(row.stored(), row.candidates())).containsExactly(row.fitting());
  }

  private static long[] fitting(long[] stored, long[] candidates) {
    boolean[] fits =
        HoleFinder.fits(StoredTimes.of(stored), candidates, Authorship.runningFrom(Long.MAX_VALUE));
    return java.util.stream.IntStream.range(0, fits.length)
        .filter(i -> fits[i])
        .mapToLong(i -> candidates[i])
        .toArray();
  }

  /**
   * A steady series with random gaps, filled from another one with a phase of its own: no distance
   * is two spacings or more where the filler had samples, and nobody stands closer than half a
   * spacing beside another author.
   */
  @RepeatedTest(300)
  void fillsWithoutCrowding(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    long spacing = 1_000L * (1 + random.nextInt(30));
    long phase = 1 + random.nextLong(spacing - 1);
    TreeSet<Long> stored = new TreeSet<>();
    for (int i = 0; i < 60; i++) {
      // The first ones are whole, so that the spacing is known.
      if (i < 10 || random.nextInt(4) > 0) {
        stored.add(i * spacing);
      }
    }
    long[] candidates = LongStream.range(5, 59).map(i -> i * spacing + phase).toArray();
    long[] before = stored.stream().mapToLong(Long::longValue).toArray();
    long[] filled = fitting(before, candidates);

    TreeSet<Long> all = new TreeSet<>(stored);
    Arrays.stream(filled).forEach(all::add);
    for (long t : filled) {
      assertThat(2 * (t - all.lower(t))).as("behind " + t).isGreaterThanOrEqualTo(spacing);
      Long next = all.higher(t);
      if (next != null) {
        assertThat(2 * (next - t)).as("before " + t).isGreaterThanOrEqualTo(spacing);
      }
    }
    long previous = all.first();
    for (long t : all.headSet(candidates[candidates.length - 1] + 1)) {
      assertThat(t - previous)
          .as("seed %d at %d", repetition.getCurrentRepetition(), t)
          .isLessThan(2 * spacing);
      previous = t;
    }
    assertThat(fitting(all.stream().mapToLong(Long::longValue).toArray(), candidates))
        .as("the second time nothing is left")
        .isEmpty();
  }
}
