package org.promscale.testbed;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Two sets of samples, compared both ways.
 *
 * @param expectedCount distinct samples that should be there
 * @param actualCount distinct samples that are there
 * @param missing how many of the expected ones are not there
 * @param surplus how many are there that nobody expects
 * @param firstMissing the first few missing ones, in order
 * @param firstSurplus the first few surplus ones, in order
 */
public record SampleComparison(
    int expectedCount,
    int actualCount,
    int missing,
    int surplus,
    List<SamplePoint> firstMissing,
    List<SamplePoint> firstSurplus) {

  private static final int SHOWN = 10;

  /** Compares. */
  public static SampleComparison of(Set<SamplePoint> expected, Set<SamplePoint> actual) {
    List<SamplePoint> missing = difference(expected, actual).toList();
    List<SamplePoint> surplus = difference(actual, expected).toList();
    return new SampleComparison(
        expected.size(),
        actual.size(),
        missing.size(),
        surplus.size(),
        missing.stream().sorted().limit(SHOWN).toList(),
        surplus.stream().sorted().limit(SHOWN).toList());
  }

  /** Tells whether both sets are the same. */
  public boolean isEqual() {
    return missing == 0 && surplus == 0;
  }

  /** Fails unless both sets are the same. */
  public void assertEqual() {
    if (!isEqual()) {
      throw new AssertionError(toString());
    }
  }

  /** Fails unless everything expected is there; more may be. */
  public void assertNothingMissing() {
    if (missing > 0) {
      throw new AssertionError(toString());
    }
  }

  private static Stream<SamplePoint> difference(Set<SamplePoint> from, Set<SamplePoint> other) {
    return from.stream().filter(point -> !other.contains(point));
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append("expected ")
        .append(expectedCount)
        .append(" samples, found ")
        .append(actualCount)
        .append("; missing ")
        .append(missing)
        .append(", surplus ")
        .append(surplus);
    firstMissing.forEach(point -> text.append("\n  missing ").append(point));
    firstSurplus.forEach(point -> text.append("\n  surplus ").append(point));
    return text.toString();
  }
}
