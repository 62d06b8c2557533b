package org.promscale.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each check fails on what it must find, and on nothing else. In the rows {@code a3} is a sample of
 * replica a at 3 s; a step is a second.
 */
class HaEvidenceTest {

  /** Leader, when it was decided, until when it led. */
  private static final Pattern LEADER =
      Pattern.compile("([a-z])(?:@([\\d.]+?))?(?:\\.\\.([\\d.]+))?");

  /**
   * What happened to one series.
   *
   * @param terms leaders with the end of their terms, the last one open: {@code a..3 b}
   * @param patches {@code b:1..2}, either end may be missing
   * @param acknowledged like stored
   * @param expected the beginnings of the violations, in order
   */
  record Row(
      String name,
      String terms,
      String patches,
      String stored,
      String acknowledged,
      List<String> expected) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Row> authors() {
    return Stream.of(
        row("one leader", "a", "", "a0 a1 a2"),
        row("a takeover", "a..2 b", "", "a0 a1 a2 b2.4 b3.4"),
        row("a takeover and back", "a..2 b..4.4 a", "", "a1 a2 b2.4 b3.4 b4.4 a5 a6"),
        row("a seam", "a..4 b", "b:..4", "a0 a1 a2 b2.6 b3.6 b4.6"),
        row("a seam and the old leader's late rest", "a..5 b", "b:..5", "a0 a1 b2.4 b3.4 a5 b5.4"),
        row("a hole that a standby fills", "a", "b:1..4", "a0 a1 b2.4 b3.4 a5 a6"),
        row("two holes in a patch", "a", "b:0..9", "a0 b1.4 b2.4 a4 a5 b6.4 a8"),
        row("the leader goes on close to the patch", "a", "b:1..2.9", "a1 b2.9 a3 a4"),
        row("the leader goes on within a step", "a", "b:1..2.6", "a1 a2 b2.6 a3 a4"),
        row("the same inside a patch", "a", "b:1..3", "a1 a2 b2.6 a3 a4", "I1: 1 of b"),
        row("two standbys fill one after the other", "a", "b:1..3 c:3..5", "a1 b2.4 c4.3 a6"),
        row("a standby without a patch", "a", "", "a0 a1 b2.4 b3.4 a5", "I1: 2 of b in term 1"),
        row("the patch of another", "a", "c:1..4", "a0 a1 b2.4 a4", "I1: 1 of b in term 1"),
        row("beyond the patch", "a", "b:1..3", "a0 a1 b2.4 b3.4 a5", "I1: 2 of b in term 1"),
        row("the old leader after the boundary", "a..2 b", "", "a2 b2.4 a4 b5.4", "I1: 1 of a"),
        row("the new leader before it", "a..3 b", "", "a0 a1 b2.4 b3.4", "I1: 1 of b in term 1"),
        row(
            "interleaved, in a patch",
            "a",
            "b:0..9",
            "a0 b0.5 a1 b1.5 a2",
            "I1: 1 of b in term 1",
            "I1: 1 of b in term 1"),
        row("too close to the one before", "a..4 b", "b:..4", "a1 a2 b2.4 b3.4 b4.4", "I1: 2 of b"),
        row(
            "two standbys take turns",
            "a",
            "b:0..9 c:0..9",
            "a1 b2.4 c2.9 b3.4 c3.9 a5",
            "I1: 1 of c"),
        row(
            "the second standby fills what the first has left",
            "a",
            "c:1..9 b:2..9",
            "a1 c1.6 b2.3 b3.3 a4.5"),
        row(
            "the second standby where the first had filled",
            "a",
            "b:1..9 c:1..9",
            "a1 c1.6 b2.3 b3.3 a4.5",
            "I1: 1 of c"),
        row("nobody knows the author", "a", "", "a1 x2 a3", "I1: 1 of x in term 1"));
  }

  static Stream<Row> deliveries() {
    return Stream.of(
        told("everything is there", "a..2 b", "a1 a2 b2.4 b3.4", "a1 a2 b2.4 b3.4"),
        told("a standby's is covered", "a", "a1 a2 a3", "a1 a2 a3 b1.4 b2.4"),
        told("nobody delivered what is missing", "a", "a1 a5", "a1 a5 b0.4 b5.4"),
        told("just under two steps at a takeover", "a..1 b", "a1 b2.9", "a1 b2.9"),
        told(
            "two steps at a takeover",
            "a..1 b",
            "a1 b3.4 b4.4",
            "a1 b1.4 b2.4 b3.4 b4.4",
            "I2: 2400 ms between a@1000 and b@3400, b delivered 1400",
            "I3: b leads and was told that 2400"),
        told(
            "a hole inside a term",
            "a",
            "a1 a4 a5",
            "a1 a4 a5 b1.4 b2.4",
            "I2: 3000 ms between a@1000 and a@4000, b delivered 1400",
            "I3: b was told that 2400 is stored or covered"),
        told(
            "the leader's restart left it",
            "a",
            "a1 a6",
            "a1 a6 b1.4 b2.4",
            "I2: 5000 ms between a@1000 and a@6000, b delivered 1400",
            "I3: b was told that 2400 is stored or covered"),
        told(
            "the leader's is gone",
            "a",
            "a1 a2 a4",
            "a1 a2 a3 a4",
            "I2: 2000 ms",
            "I3: a leads and was told that 3000"),
        told(
            "the leader's last is gone",
            "a",
            "a1 a2",
            "a1 a2 a3",
            "I3: a leads and was told that 3000"),
        told("too late, filled already", "a..4 b", "a1 b2.4 b3.4 b4.4", "a1 a3 b2.4"),
        told("too late, close to the new leader's", "a..4 b", "a3 b4.4", "a3 a4 b4.4"),
        told(
            "not late: only its own around it",
            "a",
            "a1 a1.5 a2",
            "a1 a1.2 a2",
            "I3: a leads and was told that 1200"),
        told(
            "covered by nothing",
            "a",
            "a1 a2",
            "a1 a2 b1.4 b3.4",
            "I3: b was told that 3400 is stored or covered"),
        told("nothing stored", "a", "", "a1", "I3: a leads and was told that 1000"),
        told(
            "what the leader was told while it was a standby",
            "a..1 b@4",
            "a1 b4.4 b5.4",
            "a1 b2.4 b4.4 b5.4",
            "I2: 3400 ms between a@1000 and b@4400, b delivered 2400",
            "I3: b was told that 2400 is stored or covered"),
        told(
            "what it was told since it leads",
            "a..1 b@4",
            "a1 b2.4 b6.4",
            "a1 b2.4 b4.4 b6.4",
            "I2: 4000 ms between b@2400 and b@6400, b delivered 4400",
            "I3: b leads and was told that 4400"),
        told(
            "its own sample of before, in no hole",
            "a..1 b@4",
            "a1 b1.9 b2.7",
            "a1 b1.9 b2.4 b2.7",
            "I3: b leads and was told that 2400"));
  }

  private static Row row(
      String name, String terms, String patches, String stored, String... expected) {
    return new Row(name, terms, patches, stored, "", List.of(expected));
  }

  private static Row told(
      String name, String terms, String stored, String told, String... expected) {
    return new Row(name, terms, "", stored, told, List.of(expected));
  }

  @ParameterizedTest
  @MethodSource("authors")
  void oneAuthorPerInstant(Row row) {
    assertViolations(AuthorRuns.violations(evidence(row)), row.expected());
  }

  @ParameterizedTest
  @MethodSource("deliveries")
  void nothingDeliveredIsMissing(Row row) {
    assertViolations(Deliveries.violations(evidence(row)), row.expected());
  }

  private static void assertViolations(List<String> violations, List<String> expected) {
    assertThat(violations).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(violations.get(i)).startsWith(expected.get(i));
    }
  }

  @Test
  void termsPartitionTime() {
    assertThat(history("a..2 b..4 a", "").problems()).isEmpty();
    assertThat(new HaHistory(List.of(), List.of()).problems()).hasSize(1);
    assertThat(terms(term(2, Long.MIN_VALUE, Long.MAX_VALUE)))
        .first()
        .asString()
        .contains("number 1 expected");
    assertThat(terms(term(1, 5, Long.MAX_VALUE))).first().asString().contains("minus infinity");
    assertThat(terms(term(1, Long.MIN_VALUE, 10), term(2, 1_011, Long.MAX_VALUE)))
        .first()
        .asString()
        .contains("does not begin right after");
    assertThat(terms(term(1, Long.MIN_VALUE, 10), term(2, 9, Long.MAX_VALUE))).hasSize(1);
    assertThat(terms(term(1, Long.MIN_VALUE, 10), term(1, 11, Long.MAX_VALUE)))
        .first()
        .asString()
        .contains("number 2 expected");
    assertThat(terms(term(1, Long.MIN_VALUE, Long.MAX_VALUE), term(2, 11, Long.MAX_VALUE)))
        .isNotEmpty();
    assertThat(terms(term(1, Long.MIN_VALUE, 10))).first().asString().contains("is open");
  }

  @Test
  void aFailureShowsTheHistory() {
    HaEvidence evidence = evidence(row("bad", "a..2 b", "b:1..2", "a1 a2 b2.4 a4 b5.4", "unused"));
    assertThatThrownBy(evidence::assertInvariants)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("1 violations in 5 samples of 1 series, 2 terms, 1 patches")
        .hasMessageContaining("I1: 1 of a in term 2 of b")
        .hasMessageContaining("patch of b [1000.0 .. 2000.0]");
    assertThat(evidence.largestDistanceMs()).isEqualTo(1_600);
  }

  private static List<String> terms(HaHistory.Term... terms) {
    return new HaHistory(List.of(terms), List.of()).problems();
  }

  private static HaHistory.Term term(long number, long starts, long ends) {
    return new HaHistory.Term(number, "a", starts, ends, "first", Long.MIN_VALUE);
  }

  private static HaEvidence evidence(Row row) {
    List<HaEvidence.Authored> stored = samples(row.stored());
    Map<String, Map<String, NavigableSet<Long>>> acknowledged = new TreeMap<>();
    for (HaEvidence.Authored sample : samples(row.acknowledged())) {
      acknowledged
          .computeIfAbsent(sample.author(), a -> new TreeMap<>())
          .computeIfAbsent("series", s -> new TreeSet<>())
          .add(sample.timeMs());
    }
    return new HaEvidence(
        history(row.terms(), row.patches()),
        1_000,
        stored.isEmpty() ? Map.of() : Map.of("series", stored),
        acknowledged);
  }

  private static HaHistory history(String leaders, String patchTexts) {
    List<HaHistory.Term> terms = new ArrayList<>();
    long starts = Long.MIN_VALUE;
    for (String leader : words(leaders)) {
      Matcher parts = LEADER.matcher(leader);
      assertThat(parts.matches()).as(leader).isTrue();
      long ends = parts.group(3) == null ? Long.MAX_VALUE : micros(parts.group(3));
      long decided = parts.group(2) == null ? Long.MIN_VALUE : micros(parts.group(2));
      terms.add(
          new HaHistory.Term(terms.size() + 1, parts.group(1), starts, ends, "silent", decided));
      starts = ends + 1;
    }
    List<HaHistory.Patch> patches = new ArrayList<>();
    for (String patch : words(patchTexts)) {
      String[] range = patch.substring(2).split("\\.\\.", -1);
      patches.add(
          new HaHistory.Patch(
              patch.substring(0, 1),
              range[0].isEmpty() ? Long.MIN_VALUE : micros(range[0]),
              range[1].isEmpty() ? Long.MAX_VALUE : micros(range[1])));
    }
    return new HaHistory(terms, patches);
  }

  private static List<HaEvidence.Authored> samples(String text) {
    return words(text).stream()
        .map(
            word ->
                new HaEvidence.Authored(micros(word.substring(1)) / 1_000, word.substring(0, 1)))
        .toList();
  }

  private static long micros(String seconds) {
    return Math.round(Double.parseDouble(seconds) * 1_000_000);
  }

  private static List<String> words(String text) {
    return Stream.of(text.split(" ", -1)).filter(word -> !word.isEmpty()).toList();
  }
}
