package org.promscale.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;
import static org.promscale.wire.V1.decode;
import static org.promscale.wire.V1.label;
import static org.promscale.wire.V1.rawLabel;
import static org.promscale.wire.V1.reasons;
import static org.promscale.wire.V1.series;

import com.google.protobuf.ByteString;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.ingest.RejectReason;
import org.promscale.model.Exemplar;
import org.promscale.model.Labels;
import org.promscale.model.MetricMetadata;
import org.promscale.model.StaleMarker;
import org.promscale.wire.proto.RemoteWriteV1;
import org.promscale.wire.proto.RemoteWriteV1.Histogram;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/** Exemplars, histograms and metadata, alone and beside samples. */
class RareItemsTest {

  @Test
  void exemplarOnlyEntry() {
    DecodedRequest request =
        decode(
            exemplar(
                new RawMessage()
                    .message(1, rawLabel("trace_id", "abc"))
                    .fixed64(1, 5)
                    .fixed64(2, 7)
                    .varint(3, 9)));
    assertThat(request.batch().exemplars())
        .containsExactly(new Exemplar(0, 9, 7, Labels.of("trace_id", "abc")));
    assertThat(request.items()).isEqualTo(1);
    assertThat(request.batch().samples().size()).isZero();
  }

  @Test
  void exemplarFieldsInAnyOrderWithUnknownOnes() {
    RawMessage exemplar =
        new RawMessage()
            .varint(3, 1)
            .unknownFields()
            .fixed64(2, StaleMarker.BITS)
            .message(1, rawLabel("z", "1").unknownFields())
            .message(1, rawLabel("a", "2"))
            .varint(3, -9);
    assertThat(decode(exemplar(exemplar)).batch().exemplars())
        .containsExactly(new Exemplar(0, -9, StaleMarker.BITS, Labels.of("a", "2", "z", "1")));
  }

  @Test
  void exemplarWithoutLabelsOrValue() {
    assertThat(decode(exemplar(new RawMessage().varint(3, 1))).batch().exemplars())
        .containsExactly(new Exemplar(0, 1, 0, Labels.of()));
  }

  static List<Arguments> rejectedExemplars() {
    return List.of(
        bad("no timestamp", RejectReason.MISSING_EXEMPLAR_TIMESTAMP, new RawMessage()),
        bad("timestamp 0", RejectReason.MISSING_EXEMPLAR_TIMESTAMP, new RawMessage().varint(3, 0)),
        bad("empty label name", RejectReason.EMPTY_LABEL_NAME, withLabel("", "x")),
        bad("U+0000", RejectReason.NUL_CHARACTER, withLabel("a", "\0")),
        bad("value too long", RejectReason.LABEL_VALUE_TOO_LONG, withLabel("a", "x".repeat(4_097))),
        bad(
            "name twice",
            RejectReason.DUPLICATE_LABEL_NAME,
            withLabel("a", "x").message(1, rawLabel("a", "y"))),
        bad("65 labels", RejectReason.TOO_MANY_LABELS, manyLabels(65)),
        bad(
            "invalid UTF-8",
            RejectReason.INVALID_UTF8,
            new RawMessage()
                .varint(3, 1)
                .message(1, new RawMessage().text(1, "a").bytes(2, new byte[] {-1}))));
  }

  @ParameterizedTest
  @MethodSource("rejectedExemplars")
  void rejectsTheExemplarOnly(RejectReason reason, RawMessage exemplar) {
    RawMessage series =
        new RawMessage()
            .message(1, rawLabel("__name__", "m"))
            .message(3, exemplar)
            .message(3, new RawMessage().varint(3, 5))
            .message(2, V1.rawSample(1, 1));
    DecodedRequest request = decode(new RawMessage().message(1, series));
    assertThat(reasons(request.rejections())).containsExactly(reason + " 1");
    assertThat(request.rejections().describe(3)).contains("exemplar of {__name__=\"m\"}");
    assertThat(request.batch().itemCount()).isEqualTo(2);
    assertThat(request.items()).isEqualTo(3);
  }

  @Test
  void histogramOnlyEntry() {
    DecodedRequest request =
        decode(
            WriteRequest.newBuilder()
                .addTimeseries(
                    series("__name__", "h")
                        .addHistograms(Histogram.newBuilder().setCountInt(0).setTimestamp(5))
                        .addHistograms(Histogram.newBuilder().setCountFloat(0).setTimestamp(-6))
                        .addHistograms(Histogram.newBuilder().setSchema(99)))
                .build());
    assertThat(request.batch().histograms()).hasSize(2);
    assertThat(request.batch().histograms().get(0).timestampMs()).isEqualTo(5);
    assertThat(request.batch().histograms().get(0).histogram().integer()).isTrue();
    assertThat(request.batch().histograms().get(1).timestampMs()).isEqualTo(-6);
    assertThat(request.batch().histograms().get(1).histogram().integer()).isFalse();
    assertThat(reasons(request.rejections())).containsExactly("INVALID_HISTOGRAM 1");
    assertThat(request.rejections().describe(3))
        .contains("unsupported schema 99 in {__name__=\"h\"}");
    assertThat(request.items()).isEqualTo(3);
  }

  @Test
  void exemplarsAndHistogramsMayPrecedeTheLabels() {
    RawMessage series =
        new RawMessage()
            .message(4, new RawMessage().varint(15, 3))
            .message(3, new RawMessage().varint(3, 4))
            .message(1, rawLabel("__name__", "m"));
    DecodedRequest request = decode(new RawMessage().message(1, series));
    assertThat(request.batch().series().labels(0)).isEqualTo(Labels.of("__name__", "m"));
    assertThat(request.batch().histograms()).hasSize(1);
    assertThat(request.batch().exemplars()).hasSize(1);
  }

  @Test
  void metadataOnlyRequest() {
    DecodedRequest request =
        decode(
            WriteRequest.newBuilder()
                .addMetadata(metadata("reqs", "Requests\nof all kinds.", ""))
                .addMetadata(metadata("reqs", "other help", "seconds"))
                .build());
    assertThat(request.batch().metadata())
        .containsExactly(
            new MetricMetadata("reqs", MetricMetadata.Type.COUNTER, "", "Requests\nof all kinds."),
            new MetricMetadata("reqs", MetricMetadata.Type.COUNTER, "seconds", "other help"));
    assertThat(request.items()).isEqualTo(2);
    assertThat(request.batch().series().size()).isZero();
  }

  @ParameterizedTest(name = "type {0} is {1}")
  @CsvSource({
    "0, UNKNOWN",
    "1, COUNTER",
    "2, GAUGE",
    "3, HISTOGRAM",
    "4, GAUGEHISTOGRAM",
    "5, SUMMARY",
    "6, INFO",
    "7, STATESET",
    "8, UNKNOWN",
    "2147483647, UNKNOWN",
    "-1, UNKNOWN"
  })
  void metadataTypes(int number, MetricMetadata.Type type) {
    RawMessage entry = new RawMessage().varint(1, number).text(2, "f").unknownFields();
    assertThat(decode(new RawMessage().message(3, entry)).batch().metadata())
        .containsExactly(new MetricMetadata("f", type, "", ""));
  }

  @Test
  void metadataFieldsInAnyOrderTheLastWins() {
    RawMessage entry =
        new RawMessage().text(5, "s").text(4, "wrong").text(2, "f").text(4, "help").varint(1, 2);
    assertThat(decode(new RawMessage().message(3, entry)).batch().metadata())
        .containsExactly(new MetricMetadata("f", MetricMetadata.Type.GAUGE, "s", "help"));
  }

  static List<Arguments> rejectedMetadata() {
    return List.of(
        bad("no family", RejectReason.INVALID_METADATA, new RawMessage().text(4, "help")),
        bad("U+0000 in the family", RejectReason.NUL_CHARACTER, new RawMessage().text(2, "f\0")),
        bad(
            "U+0000 in the help",
            RejectReason.NUL_CHARACTER,
            new RawMessage().text(2, "f").text(4, "\0")),
        bad(
            "U+0000 in the unit",
            RejectReason.NUL_CHARACTER,
            new RawMessage().text(2, "f").text(5, "\0")),
        bad(
            "invalid UTF-8",
            RejectReason.INVALID_UTF8,
            new RawMessage().text(2, "f").bytes(4, new byte[] {-1})),
        bad(
            "family too long",
            RejectReason.LABEL_NAME_TOO_LONG,
            new RawMessage().text(2, "f".repeat(1_025))));
  }

  @ParameterizedTest
  @MethodSource("rejectedMetadata")
  void rejectsTheMetadataOnly(RejectReason reason, RawMessage entry) {
    DecodedRequest request =
        decode(new RawMessage().message(3, entry).message(3, new RawMessage().text(2, "good")));
    assertThat(reasons(request.rejections())).containsExactly(reason + " 1");
    assertThat(request.batch().metadata()).hasSize(1);
    assertThat(request.items()).isEqualTo(2);
  }

  private static RemoteWriteV1.MetricMetadata metadata(String family, String help, String unit) {
    return RemoteWriteV1.MetricMetadata.newBuilder()
        .setType(RemoteWriteV1.MetricMetadata.Type.COUNTER)
        .setMetricFamilyName(ByteString.copyFromUtf8(family))
        .setHelp(ByteString.copyFromUtf8(help))
        .setUnit(ByteString.copyFromUtf8(unit))
        .build();
  }

  private static RawMessage withLabel(String name, String value) {
    return new RawMessage().varint(3, 1).bytes(1, label(name, value).toByteArray());
  }

  private static RawMessage manyLabels(int count) {
    RawMessage exemplar = new RawMessage().varint(3, 1);
    for (int i = 0; i < count; i++) {
      exemplar.message(1, rawLabel("l" + i, "v"));
    }
    return exemplar;
  }

  private static RawMessage exemplar(RawMessage exemplar) {
    return new RawMessage()
        .message(1, new RawMessage().message(1, rawLabel("__name__", "m")).message(3, exemplar));
  }

  private static Arguments bad(String name, RejectReason reason, RawMessage message) {
    return argumentSet(name, reason, message);
  }
}
