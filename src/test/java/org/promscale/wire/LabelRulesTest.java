package org.promscale.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;
import static org.promscale.wire.V1.decode;
import static org.promscale.wire.V1.points;
import static org.promscale.wire.V1.rawLabel;
import static org.promscale.wire.V1.rawSample;
import static org.promscale.wire.V1.reasons;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.ingest.RejectReason;
import org.promscale.model.Labels;
import org.promscale.wire.V1.Point;

/** Which label sets make a series, and what becomes of the others. */
class LabelRulesTest {

  private static final Labels GOOD = Labels.of("__name__", "good");

  static List<Arguments> accepted() {
    return List.of(
        row(
            "in any order",
            Labels.of("__name__", "m", "a", "1", "z", "2"),
            "z",
            "2",
            "__name__",
            "m",
            "a",
            "1"),
        row("empty value is an absent label", Labels.of("__name__", "m"), "__name__", "m", "a", ""),
        row(
            "newline in a value",
            Labels.of("__name__", "m", "a", "x\ny"),
            "__name__",
            "m",
            "a",
            "x\ny"),
        row(
            "control character in a value",
            Labels.of("__name__", "m", "a", "\u0001"),
            "__name__",
            "m",
            "a",
            "\u0001"),
        row("dots in the name", Labels.of("__name__", "m.n.o"), "__name__", "m.n.o"),
        row("spaces in the name", Labels.of("__name__", "m n"), "__name__", "m n"),
        row(
            "UTF-8 names",
            Labels.of("__name__", "größe", "läbel", "ß"),
            "__name__",
            "größe",
            "läbel",
            "ß"),
        row(
            "four-byte code points",
            Labels.of("__name__", "\ud83d\ude00", "\ud83d\ude01", "\ud83d\ude02"),
            "__name__",
            "\ud83d\ude00",
            "\ud83d\ude01",
            "\ud83d\ude02"),
        row(
            "reserved names",
            Labels.of("__name__", "m", "__type__", "counter", "__unit__", "s"),
            "__name__",
            "m",
            "__type__",
            "counter",
            "__unit__",
            "s"),
        row(
            "longest name and value",
            Labels.of("__name__", "m", "n".repeat(1_024), "v".repeat(4_096)),
            "__name__",
            "m",
            "n".repeat(1_024),
            "v".repeat(4_096)),
        row(
            "longest metric name",
            Labels.of("__name__", "m".repeat(1_024)),
            "__name__",
            "m".repeat(1_024)),
        row("64 labels", Labels.of(many(64)), many(64)));
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void accepts(Labels expected, String[] labels) {
    DecodedRequest request = decode(request(labels(labels)));
    assertThat(points(request)).first().isEqualTo(Point.of(expected, 1, 1));
    assertThat(request.rejections().total()).isZero();
  }

  static List<Arguments> rejected() {
    return List.of(
        bad("no labels", RejectReason.MISSING_METRIC_NAME),
        bad("no metric name", RejectReason.MISSING_METRIC_NAME, "job", "j"),
        bad("empty metric name", RejectReason.MISSING_METRIC_NAME, "__name__", "", "job", "j"),
        bad("empty label name", RejectReason.EMPTY_LABEL_NAME, "__name__", "m", "", "x"),
        bad("empty label name and value", RejectReason.EMPTY_LABEL_NAME, "__name__", "m", "", ""),
        bad("name twice", RejectReason.DUPLICATE_LABEL_NAME, "__name__", "m", "a", "1", "a", "2"),
        bad(
            "name twice, same value",
            RejectReason.DUPLICATE_LABEL_NAME,
            "__name__",
            "m",
            "a",
            "1",
            "a",
            "1"),
        bad(
            "name twice, apart",
            RejectReason.DUPLICATE_LABEL_NAME,
            "a",
            "1",
            "__name__",
            "m",
            "a",
            "1"),
        bad(
            "name twice, once empty",
            RejectReason.DUPLICATE_LABEL_NAME,
            "__name__",
            "m",
            "a",
            "",
            "a",
            "1"),
        bad(
            "metric name twice",
            RejectReason.DUPLICATE_LABEL_NAME,
            "__name__",
            "m",
            "__name__",
            "n"),
        bad("U+0000 in a value", RejectReason.NUL_CHARACTER, "__name__", "m", "a", "x\0y"),
        bad("U+0000 in a name", RejectReason.NUL_CHARACTER, "__name__", "m", "a\0", "x"),
        bad("U+0000 in the metric name", RejectReason.NUL_CHARACTER, "__name__", "\0"),
        bad("65 labels", RejectReason.TOO_MANY_LABELS, many(65)),
        bad("1000 labels", RejectReason.TOO_MANY_LABELS, many(1_000)),
        bad(
            "name too long",
            RejectReason.LABEL_NAME_TOO_LONG,
            "__name__",
            "m",
            "n".repeat(1_025),
            "x"),
        bad(
            "name too long in bytes",
            RejectReason.LABEL_NAME_TOO_LONG,
            "__name__",
            "m",
            "ß".repeat(513),
            "x"),
        bad(
            "metric name too long",
            RejectReason.LABEL_NAME_TOO_LONG,
            "__name__",
            "m".repeat(1_025)),
        bad(
            "value too long",
            RejectReason.LABEL_VALUE_TOO_LONG,
            "__name__",
            "m",
            "a",
            "v".repeat(4_097)));
  }

  @ParameterizedTest
  @MethodSource("rejected")
  void rejectsTheSeriesAndKeepsTheRest(RejectReason reason, String[] labels) {
    assertRejected(reason, labels(labels));
  }

  static List<Arguments> invalidUtf8() {
    return List.of(
        argumentSet("lone continuation", new int[] {0x80}),
        argumentSet("cut sequence", new int[] {'a', 0xc3}),
        argumentSet("overlong slash", new int[] {0xc0, 0xaf}),
        argumentSet("overlong U+0000", new int[] {0xc0, 0x80}),
        argumentSet("surrogate", new int[] {0xed, 0xa0, 0x80}),
        argumentSet("beyond U+10FFFF", new int[] {0xf4, 0x90, 0x80, 0x80}),
        argumentSet("never a byte of UTF-8", new int[] {0xff}));
  }

  @ParameterizedTest
  @MethodSource("invalidUtf8")
  void rejectsInvalidUtf8(int[] bytes) {
    byte[] text = new RawMessage().raw(bytes).toBytes();
    RawMessage name = rawLabel("__name__", "m");
    assertRejected(
        RejectReason.INVALID_UTF8, List.of(name, new RawMessage().text(1, "a").bytes(2, text)));
    assertRejected(
        RejectReason.INVALID_UTF8, List.of(name, new RawMessage().bytes(1, text).text(2, "a")));
    assertRejected(
        RejectReason.INVALID_UTF8, List.of(new RawMessage().text(1, "__name__").bytes(2, text)));
  }

  @Test
  void labelWithoutFieldsHasAnEmptyName() {
    assertRejected(
        RejectReason.EMPTY_LABEL_NAME, List.of(rawLabel("__name__", "m"), new RawMessage()));
  }

  @Test
  void countsEveryItemOfARejectedSeries() {
    RawMessage series =
        new RawMessage()
            .message(2, rawSample(1, 1))
            .message(2, rawSample(2, 1))
            .message(3, new RawMessage().varint(3, 1))
            .message(4, new RawMessage());
    DecodedRequest request = decode(new RawMessage().message(1, series));
    assertThat(reasons(request.rejections())).containsExactly("MISSING_METRIC_NAME 4");
    assertThat(request.items()).isEqualTo(4);
    assertThat(request.batch().isEmpty()).isTrue();
  }

  private static void assertRejected(RejectReason reason, List<RawMessage> labels) {
    DecodedRequest request = decode(request(labels));
    assertThat(reasons(request.rejections())).containsExactly(reason + " 1");
    assertThat(request.items()).isEqualTo(2);
    assertThat(points(request)).containsExactly(Point.of(GOOD, 2, 2));
    assertThat(request.rejections().describe(request.items()))
        .startsWith("1 of 2 items rejected: 1 x " + reason.text())
        .doesNotContainPattern("\\p{Cntrl}");
  }

  /** One sample at time 1 with these labels, then a good series with a sample at time 2. */
  private static RawMessage request(List<RawMessage> labels) {
    RawMessage series = new RawMessage();
    labels.forEach(label -> series.message(1, label));
    RawMessage good = new RawMessage().message(1, rawLabel("__name__", "good"));
    return new RawMessage()
        .message(1, series.message(2, rawSample(1, 1)))
        .message(1, good.message(2, rawSample(2, 2)));
  }

  private static List<RawMessage> labels(String... namesAndValues) {
    List<RawMessage> labels = new ArrayList<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      labels.add(
          new RawMessage()
              .bytes(1, namesAndValues[i].getBytes(StandardCharsets.UTF_8))
              .bytes(2, namesAndValues[i + 1].getBytes(StandardCharsets.UTF_8)));
    }
    return labels;
  }

  private static String[] many(int count) {
    String[] labels = new String[2 * count];
    for (int i = 0; i < count; i++) {
      labels[2 * i] = i == 0 ? "__name__" : "label" + i;
      labels[2 * i + 1] = "v";
    }
    return labels;
  }

  private static Arguments row(String name, Labels expected, String... labels) {
    return argumentSet(name, expected, labels);
  }

  private static Arguments bad(String name, RejectReason reason, String... labels) {
    return argumentSet(name, reason, labels);
  }
}
