package org.promscale.ha;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
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
            HoleFinder.fits(StoredTimes.of(stored), new long[] {row.candidate()}, Long.MAX_VALUE))
        .containsExactly(row.fits());
  }

  @Test
  @DisplayName("Beside a leader that goes on each sample needs nine stored ones before it")
  void eachIsYoungOrNot() {
    long[] stored = {0, 50, 100, 150, 200, 250, 300, 350, 400, 550};
    long[] late = {-20, 475};
    assertThat(HoleFinder.fits(StoredTimes.of(stored), late, Lease.NO_TIME))
        .as("the first is too early, the second is not")
        .containsExactly(false, true);
    long[] early = {-20, 75, 225};
    assertThat(HoleFinder.fits(StoredTimes.of(0, 50, 200, 250), early, 0))
        .as("the first is of the term before, where nobody goes on")
        .containsExactly(false, false, false);
  }
}
