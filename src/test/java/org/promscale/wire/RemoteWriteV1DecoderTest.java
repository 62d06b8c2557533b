package org.promscale.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;
import static org.promscale.wire.V1.decode;
import static org.promscale.wire.V1.points;
import static org.promscale.wire.V1.rawLabel;
import static org.promscale.wire.V1.rawSample;
import static org.promscale.wire.V1.sample;
import static org.promscale.wire.V1.series;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.model.Labels;
import org.promscale.model.StaleMarker;
import org.promscale.wire.V1.Point;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/** Series and samples: order of fields, defaults, bits, repeated series, broken messages. */
class RemoteWriteV1DecoderTest {

  private static final Labels UP = Labels.of("__name__", "up", "job", "j");

  @Test
  void emptyRequest() {
    DecodedRequest request = decode(new byte[0]);
    assertThat(request.items()).isZero();
    assertThat(request.batch().isEmpty()).isTrue();
  }

  @Test
  void plainRequest() {
    DecodedRequest request =
        decode(
            WriteRequest.newBuilder()
                .addTimeseries(
                    series("__name__", "up", "job", "j")
                        .addSamples(sample(1_000, 1.5))
                        .addSamples(sample(2_000, 2.5)))
                .addTimeseries(series("__name__", "down").addSamples(sample(-5, 0)))
                .build());
    assertThat(points(request))
        .containsExactly(
            Point.of(UP, 1_000, 1.5),
            Point.of(UP, 2_000, 2.5),
            Point.of(Labels.of("__name__", "down"), -5, 0));
    assertThat(request.items()).isEqualTo(3);
    assertThat(request.rejections().total()).isZero();
  }

  @Test
  void labelsAfterSamples() {
    RawMessage series =
        new RawMessage()
            .message(2, rawSample(1, 1))
            .message(1, rawLabel("job", "j"))
            .message(2, rawSample(2, 2))
            .message(1, rawLabel("__name__", "up"));
    assertThat(points(decode(new RawMessage().message(1, series))))
        .containsExactly(Point.of(UP, 1, 1), Point.of(UP, 2, 2));
  }

  @Test
  void fieldsOfLabelsAndSamplesInAnyOrder() {
    RawMessage series =
        new RawMessage()
            .message(1, new RawMessage().text(2, "up").text(1, "__name__"))
            .message(1, new RawMessage().text(2, "j").text(1, "job"))
            .message(2, new RawMessage().varint(2, 7).fixed64(1, StaleMarker.BITS));
    assertThat(points(decode(new RawMessage().message(1, series))))
        .containsExactly(new Point(UP, 7, StaleMarker.BITS));
  }

  @Test
  void repeatedScalarsTheLastWins() {
    RawMessage series =
        new RawMessage()
            .message(1, rawLabel("wrong", "wrong").text(1, "__name__").text(2, "up"))
            .message(1, rawLabel("job", "j"))
            .message(2, rawSample(1, 1).varint(2, 9).fixed64(1, 5));
    assertThat(points(decode(new RawMessage().message(1, series))))
        .containsExactly(new Point(UP, 9, 5));
  }

  @Test
  void unknownFieldsOnEveryLevel() {
    RawMessage series =
        new RawMessage()
            .unknownFields()
            .message(1, rawLabel("__name__", "up").unknownFields())
            .unknownFields()
            .message(1, rawLabel("job", "j"))
            .message(2, new RawMessage().unknownFields().varint(2, 7).unknownFields().fixed64(1, 5))
            .unknownFields();
    RawMessage request =
        new RawMessage().varint(2, 1).unknownFields().message(1, series).unknownFields();
    assertThat(points(decode(request))).containsExactly(new Point(UP, 7, 5));
  }

  @Test
  void knownNumbersWithOtherWireTypesAreUnknownFields() {
    RawMessage series =
        new RawMessage()
            .varint(1, 5)
            .fixed64(2, 5)
            .message(1, rawLabel("__name__", "up").varint(1, 5).fixed64(2, 5))
            .message(1, rawLabel("job", "j"))
            .message(2, rawSample(7, 1).varint(1, 9).fixed64(2, 9));
    assertThat(points(decode(new RawMessage().varint(1, 3).fixed64(3, 3).message(1, series))))
        .containsExactly(Point.of(UP, 7, 1));
  }

  @Test
  void absentFieldsAreZero() {
    RawMessage series =
        new RawMessage()
            .message(1, rawLabel("__name__", "up"))
            .message(1, rawLabel("job", "j"))
            .message(2, new RawMessage());
    assertThat(points(decode(new RawMessage().message(1, series))))
        .containsExactly(new Point(UP, 0, 0));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, 1, Long.MIN_VALUE, Long.MAX_VALUE, -62_135_596_800_000L})
  void timestampsAreSigned(long timestampMs) {
    RawMessage series =
        new RawMessage()
            .message(1, rawLabel("__name__", "up"))
            .message(1, rawLabel("job", "j"))
            .message(2, rawSample(timestampMs, 1));
    assertThat(points(decode(new RawMessage().message(1, series))))
        .containsExactly(Point.of(UP, timestampMs, 1));
  }

  static List<Arguments> bits() {
    return List.of(
        argumentSet("stale marker", 0x7ff0000000000002L),
        argumentSet("ordinary NaN", 0x7ff8000000000001L),
        argumentSet("NaN with a payload", 0x7ff80000deadbeefL),
        argumentSet("negative signalling NaN", 0xfff0000000000001L),
        argumentSet("-0.0", 0x8000000000000000L),
        argumentSet("smallest number", 1L),
        argumentSet("+Inf", 0x7ff0000000000000L),
        argumentSet("-Inf", 0xfff0000000000000L));
  }

  @ParameterizedTest
  @MethodSource("bits")
  void keepsEveryBit(long bits) {
    RawMessage series =
        new RawMessage()
            .message(1, rawLabel("__name__", "up"))
            .message(1, rawLabel("job", "j"))
            .message(2, new RawMessage().fixed64(1, bits).varint(2, 1));
    assertThat(points(decode(new RawMessage().message(1, series))))
        .containsExactly(new Point(UP, 1, bits));
  }

  @Test
  void sameSeriesInSeveralEntries() {
    WriteRequest.Builder request = WriteRequest.newBuilder();
    for (int i = 0; i < 3; i++) {
      request.addTimeseries(series("__name__", "up", "job", "j").addSamples(sample(i, i)));
    }
    request.addTimeseries(series("job", "j", "__name__", "up").addSamples(sample(3, 3)));
    DecodedRequest decoded = decode(request.build());
    assertThat(points(decoded))
        .containsExactly(
            Point.of(UP, 0, 0), Point.of(UP, 1, 1), Point.of(UP, 2, 2), Point.of(UP, 3, 3));
    for (int row = 1; row < 4; row++) {
      assertThat(decoded.batch().series().hashHigh(row))
          .isEqualTo(decoded.batch().series().hashHigh(0));
      assertThat(decoded.batch().series().hashLow(row))
          .isEqualTo(decoded.batch().series().hashLow(0));
    }
  }

  @Test
  void outOfOrderAndRepeatedSamplesPass() {
    DecodedRequest request =
        decode(
            WriteRequest.newBuilder()
                .addTimeseries(
                    series("__name__", "up", "job", "j")
                        .addSamples(sample(5, 1))
                        .addSamples(sample(3, 2))
                        .addSamples(sample(5, 1)))
                .build());
    assertThat(points(request))
        .containsExactly(Point.of(UP, 5, 1), Point.of(UP, 3, 2), Point.of(UP, 5, 1));
  }

  @Test
  void manySamplesInOneEntry() {
    var series = series("__name__", "up", "job", "j");
    for (int i = 0; i < 1_000; i++) {
      series.addSamples(sample(i, i));
    }
    List<Point> points = points(decode(WriteRequest.newBuilder().addTimeseries(series).build()));
    assertThat(points).hasSize(1_000).last().isEqualTo(Point.of(UP, 999, 999));
  }

  @Test
  void entryWithoutDataSaysNothing() {
    DecodedRequest request =
        decode(
            WriteRequest.newBuilder()
                .addTimeseries(series("__name__", "up"))
                .addTimeseries(series("no", "name"))
                .addTimeseries(series())
                .build());
    assertThat(request.items()).isZero();
    assertThat(request.batch().series().size()).isZero();
  }

  @Test
  void knownSeriesHaveNoLabels() {
    byte[] body =
        WriteRequest.newBuilder()
            .addTimeseries(series("__name__", "up", "job", "j").addSamples(sample(1, 1)))
            .build()
            .toByteArray();
    DecodedRequest request = decode(body, WireLimits.DEFAULT, (high, low) -> 42);
    assertThat(request.batch().series().id(0)).isEqualTo(42);
    assertThat(request.batch().series().labels(0)).isNull();
    assertThat(request.batch().series().unknownCount()).isZero();
  }

  /** Fields 4 and 5 of version 2 are unknown in version 1. */
  @Test
  void bodyOfVersionTwoIsEmptyInVersionOne() {
    RawMessage request =
        new RawMessage().text(4, "").text(4, "__name__").message(5, new RawMessage().varint(6, 1));
    assertThat(decode(request).items()).isZero();
  }

  static List<Arguments> malformed() {
    RawMessage label = rawLabel("__name__", "up");
    return List.of(
        argumentSet("text", new RawMessage().raw('h', 'e', 'l', 'l', 'o')),
        argumentSet("entry past the end", new RawMessage().raw(0x0a, 9, 0x0a)),
        argumentSet("entry without length", new RawMessage().raw(0x0a)),
        argumentSet("group", new RawMessage().raw(0x0b, 0x0c)),
        argumentSet("field 0", new RawMessage().raw(0x02, 0)),
        argumentSet(
            "label past its entry", new RawMessage().raw(0x0a, 2, 0x0a, 5).raw(new byte[9])),
        argumentSet(
            "name past its label",
            new RawMessage()
                .message(1, new RawMessage().raw(0x0a, 2, 0x0a, 1, 'x').raw(new byte[9]))),
        argumentSet(
            "unknown field past its label",
            new RawMessage().message(1, new RawMessage().raw(0x0a, 2, 0x22, 3).raw(1, 1, 1))),
        argumentSet(
            "sample past its entry", new RawMessage().raw(0x0a, 2, 0x12, 5).raw(new byte[9])),
        argumentSet(
            "value past its sample",
            new RawMessage()
                .message(1, new RawMessage().raw(0x12, 3, 0x09, 0, 0).raw(new byte[9]))),
        argumentSet(
            "timestamp past its sample",
            new RawMessage().message(1, new RawMessage().raw(0x12, 2, 0x10, 0x80, 1))),
        argumentSet("exemplar past its entry", new RawMessage().raw(0x0a, 2, 0x1a, 5)),
        argumentSet(
            "label past its exemplar",
            new RawMessage()
                .message(1, new RawMessage().message(1, label).raw(0x1a, 2, 0x0a, 1, 0))),
        argumentSet(
            "broken histogram",
            new RawMessage().message(1, new RawMessage().message(1, label).raw(0x22, 1, 0x19))),
        argumentSet("broken metadata", new RawMessage().raw(0x1a, 2, 0x12, 5)));
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void refuses(RawMessage request) {
    IngestFailure failure = catchThrowableOfType(IngestFailure.class, () -> decode(request));
    assertThat(failure.kind()).isEqualTo(FailureKind.MALFORMED);
  }
}
