package org.promscale.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The line that a sender logs: it reads 1,024 bytes and no second line. */
class RejectionsTest {

  private final Rejections rejections = new Rejections();

  @Test
  void countsByReason() {
    rejections.add(RejectReason.NUL_CHARACTER, 2, () -> "first");
    rejections.add(RejectReason.NUL_CHARACTER, 3, () -> fail("only the first is described"));
    rejections.add(RejectReason.MISSING_METRIC_NAME, 1, () -> "{a=\"b\"}");
    List<String> seen = new ArrayList<>();
    rejections.forEach((reason, items) -> seen.add(reason + " " + items));
    assertThat(seen).containsExactly("MISSING_METRIC_NAME 1", "NUL_CHARACTER 5");
    assertThat(rejections.total()).isEqualTo(6);
    assertThat(rejections.describe(100))
        .isEqualTo(
            "6 of 100 items rejected: 1 x series has no metric name ({a=\"b\"});"
                + " 5 x text contains U+0000, which PostgreSQL cannot store (first)");
  }

  @Test
  void sentenceOfTheFirstItem() {
    rejections.add(RejectReason.MISSING_CLUSTER_LABEL, 2, () -> "no cluster\nof r1", () -> "{}");
    rejections.add(
        RejectReason.MISSING_CLUSTER_LABEL,
        1,
        () -> fail("only the first"),
        () -> fail("likewise"));
    assertThat(rejections.describe(3))
        .isEqualTo("3 of 3 items rejected: 3 x no cluster of r1 ({})");
  }

  @Test
  void nothingRejected() {
    assertThat(rejections.total()).isZero();
    assertThat(rejections.describe(3)).isEqualTo("0 of 3 items rejected");
  }

  static List<Arguments> examples() {
    return List.of(
        argumentSet("long", "x".repeat(100_000)),
        argumentSet("two bytes each", "\u00df".repeat(100_000)),
        argumentSet("three bytes each", "\u20ac".repeat(100_000)),
        argumentSet("four bytes each", "\ud83d\ude00".repeat(100_000)),
        argumentSet("newlines", "a\r\nb\nc".repeat(100)),
        argumentSet("control characters", "\u0000\u001b[31m\u007f\u0085\t".repeat(100)),
        argumentSet("line separators", "a\u2028b\u2029c".repeat(100)),
        argumentSet("text in the other direction", "a\u202eb\u2066c".repeat(100)),
        argumentSet("half a surrogate pair", "\ud83d".repeat(1_000)));
  }

  @ParameterizedTest
  @MethodSource("examples")
  void isOneShortPrintableLine(String example) {
    for (RejectReason reason : RejectReason.values()) {
      rejections.add(
          reason, Long.MAX_VALUE / 100, () -> reason.text() + ": " + example, () -> example);
    }
    String text = rejections.describe(Long.MAX_VALUE);
    assertThat(text.getBytes(StandardCharsets.UTF_8)).hasSizeLessThan(1_000);
    assertThat(text).doesNotContainPattern("[\\p{Cntrl}\\p{Zl}\\p{Zp}\\p{Cf}\\p{Cs}]");
    assertThat(text).contains(RejectReason.MISSING_METRIC_NAME.text());
  }

  @Test
  void marksWhatIsLeftOut() {
    rejections.add(RejectReason.NUL_CHARACTER, 1, () -> "x".repeat(1_000));
    assertThat(rejections.describe(1)).endsWith("x…)");
    for (RejectReason reason : RejectReason.values()) {
      rejections.add(reason, 1, () -> "x".repeat(1_000));
    }
    assertThat(rejections.describe(1)).endsWith("; …");
  }
}
