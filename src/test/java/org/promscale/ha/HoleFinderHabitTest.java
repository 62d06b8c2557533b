package org.promscale.ha;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is a hole in a series that has only just begun. */
class HoleFinderHabitTest {

  private record Row(String name, List<Long> stored, long candidate, boolean fits) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Row> rows() {
    return Stream.of(
        new Row("before the first of many", List.of(48L, 98L, 148L, 198L), 26, false),
        new Row("far before the first of many", List.of(48L, 98L, 148L, 198L), 20, true),
        new Row("behind the seam of two authors", List.of(26L, 48L, 98L, 148L, 198L), 76, false),
        new Row("between two that are a habit apart", List.of(48L, 98L), 76, false),
        new Row("the only one", List.of(), 76, true),
        new Row("in a hole of many", List.of(0L, 50L, 100L, 150L, 200L, 300L), 250, true));
  }

  @ParameterizedTest
  @MethodSource("rows")
  @DisplayName("A sample fits a hole, and no other place")
  void fits(Row row) {
    long[] stored = row.stored().stream().mapToLong(Long::longValue).toArray();
    assertThat(
            HoleFinder.fits(
                StoredTimes.of(stored),
                new long[] {row.candidate()},
                Authorship.runningFrom(Long.MAX_VALUE)))
        .containsExactly(row.fits());
  }

  @Test
  @DisplayName("Beside a leader that goes on each sample needs nine stored ones before it")
  void eachIsYoungOrNot() {
    long[] stored = {0, 50, 100, 150, 200, 250, 300, 350, 400, 550};
    long[] late = {-20, 475};
    assertThat(HoleFinder.fits(StoredTimes.of(stored), late, Authorship.runningFrom(Lease.NO_TIME)))
        .as("the first is too early, the second is not")
        .containsExactly(false, true);
    long[] early = {-20, 75, 225};
    assertThat(HoleFinder.fits(StoredTimes.of(0, 50, 200, 250), early, Authorship.runningFrom(0)))
        .as("the first is of the term before, where nobody goes on")
        .containsExactly(false, false, false);
  }

  /** A patch at its end, or a boundary. */
  private static Authorship.Border border(long from, long to) {
    return new Authorship.Border(from, to, false);
  }

  private static boolean fits(Authorship authors, long candidate, long... stored) {
    return HoleFinder.fits(StoredTimes.of(stored), new long[] {candidate}, authors)[0];
  }

  @Test
  @DisplayName("Of few distances that disagree those of one author count")
  void ofOneAuthor() {
    // b led until 31 and a from there on, whose clock went back once.
    long[] handedOver = {1, 16, 31, 37, 45};
    Authorship known = Authorship.of(Long.MAX_VALUE, List.of(border(31, 31)));
    assertThat(fits(known, 7, handedOver)).as("15 between two of b are no hole").isFalse();

    // d leads from 40 on; before that others filled too much.
    long[] crowded = {2, 9, 17, 23, 32, 39, 47, 62, 77, 92};
    Authorship patched = Authorship.of(40, List.of(border(40, 40), border(-80, 40)));
    assertThat(fits(patched, 83, crowded)).isFalse();
    long[] fewer = {2, 9, 17, 23, 32, 38, 47, 62, 77, 93};
    assertThat(fits(Authorship.runningFrom(40), 85, fewer)).as("nobody knows of d").isTrue();
    assertThat(fits(patched, 85, fewer)).as("15, 15 and 16 of d").isFalse();
    Authorship since80 = Authorship.of(80, List.of(border(80, 80), border(-40, 80)));
    assertThat(fits(since80, 138, 5, 10, 20, 65, 70, 80, 85, 100, 130, 145, 160))
        .as("15, 30, 15, 15: one is a hole")
        .isFalse();
    assertThat(fits(patched, 107, 9, 17, 23, 32, 39, 47, 62, 77, 92, 122)).isTrue();
  }

  @Test
  @DisplayName("A series has ended where its leader says so, not where a patch may have said it")
  void endedByWhom() {
    long[] times = LongStream.rangeClosed(0, 20).map(i -> 10 * i).toArray();
    boolean[] stale = new boolean[times.length];
    stale[20] = true;
    StoredTimes stored = new StoredTimes(times, stale);
    assertThat(HoleFinder.asksForAuthors(stored, 220)).as("it matters who wrote it").isTrue();
    long[] back = {220, 230};
    long[] ofAnother = {224, 234};
    Authorship known = Authorship.of(50, List.of(border(50, 50)));
    assertThat(HoleFinder.fits(stored, back, known)).containsExactly(false, false);
    for (boolean open : new boolean[] {false, true}) {
      Authorship patched = Authorship.of(50, List.of(new Authorship.Border(190, 210, open)));
      assertThat(HoleFinder.fits(stored, back, patched)).containsExactly(true, true);
      assertThat(HoleFinder.fits(stored, ofAnother, patched))
          .as("the leader's, perhaps: another phase")
          .containsExactly(false, false);
    }
  }

  @Test
  @DisplayName("Seams that are as long as half of the distances are no agreement")
  void seamsAreNoAgreement() {
    // Three replicas with phases a third apart led and filled; b leads since 55, every 15.
    long[] mixed = {5, 15, 20, 30, 40, 45, 50, 60, 75, 90, 105, 120, 135, 150};
    Authorship known = Authorship.of(55, List.of(border(55, 55), border(-65, 55)));
    assertThat(fits(known, 82, mixed)).as("nine before").isFalse();
    assertThat(fits(known, 90, 5, 15, 20, 30, 40, 45, 50, 60, 75, 105, 120, 135, 150)).isTrue();
    // Two with phases nearly half a spacing apart; a leads since -22.5.
    long[] half = {
      -75_000, -68_332, -60_000, -53_332, -45_000, -38_332, -30_000, -23_332, -8_332, 6_668, 21_668
    };
    Authorship since =
        Authorship.of(
            -22_500,
            List.of(border(-22_500, -22_500), border(-53_332, -53_332), border(-142_500, -22_500)));
    assertThat(fits(since, 0, half)).as("6.7 and 8.3 are not alike").isFalse();
  }

  @Test
  @DisplayName("Where all disagree the shortest distance counts that comes three times running")
  void steady() {
    long[] filledThenNot = {3, 10, 18, 25, 33, 48, 63, 78, 93, 111};
    assertThat(fits(Authorship.runningFrom(100), 100, filledThenNot))
        .as("100 is 7 behind 93, of 15")
        .isFalse();
    long[] notYet = {3, 10, 18, 25, 33, 40, 48, 63, 78, 96};
    assertThat(fits(Authorship.runningFrom(100), 87, notYet)).as("two are no habit").isTrue();
    long[] holes = {6, 16, 22, 32, 42, 52, 62, 82, 102, 119, 142};
    assertThat(fits(Authorship.runningFrom(150), 129, holes)).as("20 were holes of 10").isTrue();
    // Three replicas with phases half a spacing apart; a leads since 27.
    long[] half = {6140, 13861, 21140, 28861, 43861, 58861, 73861, 88861, 97127, 112127};
    assertThat(fits(Authorship.runningFrom(Long.MAX_VALUE), 103861, half))
        .as("7.7 and 7.3 are not exactly alike")
        .isFalse();
    long[] afterMany = {
      1, 10, 16, 25, 40, 70, 75, 85, 90, 100, 105, 120, 135, 150, 165, 175, 190, 205, 220
    };
    assertThat(fits(Authorship.runningFrom(165), 196, afterMany)).as("17 before").isFalse();
  }

  @Test
  @DisplayName("Distances of one author that are holes are no spacing")
  void holesOfOneAuthor() {
    // a has led since -50, b has begun to fill a long hole of a's, every 10.
    Authorship filling =
        Authorship.of(
            -50_000,
            List.of(
                border(-50_000, -50_000),
                border(-170_000, -50_000),
                new Authorship.Border(-50_000, 5_000, true)));
    long[] begun = {
      -180_000, -170_000, -160_000, -150_000, -114_498, -104_498, -94_498, -84_498, -70_000,
      -60_000, -50_000, -44_498, -10_000, 25_502
    };
    assertThat(fits(filling, 0, begun)).as("10, 34.5 and 35.5: two are holes").isTrue();
    long[] holed = {
      -135_000, -120_000, -105_000, -90_000, -75_000, -60_000, -45_000, -30_000, -15_000, 15_000,
      45_000
    };
    Authorship open =
        Authorship.of(
            -37_153,
            List.of(
                border(-37_153, -37_153),
                border(-157_153, -37_153),
                new Authorship.Border(-27_153, 22_847, true)));
    assertThat(fits(open, 0, holed)).as("15, 30 and 30: twice 15").isTrue();
  }

  @Test
  @DisplayName("One that comes twice exactly among those of one author is its spacing")
  void twice() {
    // b leads since -47, every 15; before that four had filled, and its clock jumped.
    Authorship known =
        Authorship.of(
            -47_302,
            List.of(border(-47_302, -47_302), border(-167_302, -30_007), border(-24_000, -9_500)));
    long[] jumped = {
      -128_809, -120_006, -113_809, -105_006, -90_006, -60_000, -54_209, -45_006, -39_209, -30_006,
      -24_209, -15_000, -9_209, 5_791, 20_791
    };
    assertThat(fits(known, 0, jumped)).as("5.8, 15 and 15").isFalse();
  }

  @Test
  @DisplayName("A steady distance counts before the candidates and after them")
  void steadyAfterwards() {
    long[] times = {
      -160_761, -153_744, -145_761, -138_744, -63_744, -48_744, -33_744, -25_761, -10_761, 4_239,
      19_239, 34_239, 49_239
    };
    assertThat(fits(Authorship.runningFrom(Long.MAX_VALUE), 0, times)).isFalse();
  }

  @Test
  @DisplayName("They count for nothing where all agree, where they are smaller, or alone")
  void ofOneAuthorButNotAlways() {
    Authorship known = Authorship.of(Long.MAX_VALUE, List.of(border(-100, 98)));
    assertThat(fits(known, 130, 3, 13, 23, 33, 43, 53, 63, 73, 83, 93, 99, 119, 139, 159))
        .as("ten before, alike")
        .isTrue();
    assertThat(fits(known, 115, 3, 23, 43, 63, 99, 109, 119, 129)).as("smaller").isFalse();
    assertThat(fits(known, 130, 3, 13, 23, 99, 119, 149)).as("two holes").isFalse();
    assertThat(fits(known, 130, 3, 13, 23, 99, 120)).as("one distance may be a hole").isTrue();
    long[] holed = {5, 10, 15, 20, 25, 30, 35, 53, 93, 98, 103, 108, 113, 120, 138, 185, 190};
    assertThat(fits(Authorship.of(115, List.of(border(0, 115))), 143, holed))
        .as("two holes, and a distance that is none")
        .isTrue();
    assertThat(fits(Authorship.runningFrom(Long.MAX_VALUE), 15)).as("nothing stored").isTrue();
  }

  @Test
  @DisplayName("Authors are asked for where no more than sixteen samples are stored before")
  void asksForAuthors() {
    StoredTimes stored = StoredTimes.of(LongStream.range(0, 30).toArray());
    assertThat(HoleFinder.asksForAuthors(stored, 16)).isTrue();
    assertThat(HoleFinder.asksForAuthors(stored, 17)).isFalse();
  }
}
