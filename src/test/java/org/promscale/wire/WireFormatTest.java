package org.promscale.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/** Which headers mean which format. */
class WireFormatTest {

  private static final String PROTOBUF = "application/x-protobuf";

  static List<Arguments> versionOne() {
    return List.of(
        argumentSet("what Prometheus sends", PROTOBUF, "snappy"),
        argumentSet("no headers at all", null, null),
        argumentSet("blank type", " ", "snappy"),
        argumentSet("blank encoding", PROTOBUF, ""),
        argumentSet("no encoding", PROTOBUF, null),
        argumentSet("encoding in capitals", PROTOBUF, "Snappy"),
        argumentSet("encoding with spaces around", PROTOBUF, " snappy "),
        argumentSet("type in capitals", "Application/X-Protobuf", "snappy"),
        argumentSet("named message", PROTOBUF + ";proto=prometheus.WriteRequest", "snappy"),
        argumentSet("space after semicolon", PROTOBUF + "; proto=prometheus.WriteRequest", null),
        argumentSet("tab before semicolon", PROTOBUF + "\t;proto=prometheus.WriteRequest", null),
        argumentSet("quoted message", PROTOBUF + ";proto=\"prometheus.WriteRequest\"", "snappy"),
        argumentSet("parameter in capitals", PROTOBUF + ";PROTO=prometheus.WriteRequest", null),
        argumentSet("another parameter", PROTOBUF + ";charset=utf-8", "snappy"),
        argumentSet(
            "after another parameter", PROTOBUF + ";a=b;proto=prometheus.WriteRequest", null),
        argumentSet("empty parameter", PROTOBUF + ";", "snappy"));
  }

  @ParameterizedTest
  @MethodSource("versionOne")
  void isRemoteWriteOne(@Nullable String type, @Nullable String encoding) {
    assertThat(WireFormat.of(type, encoding)).isEqualTo(WireFormat.REMOTE_WRITE_V1);
  }

  static List<Arguments> unsupported() {
    return List.of(
        argumentSet("JSON", "application/json", "snappy"),
        argumentSet("an image", "image/png", "snappy"),
        argumentSet("not a media type", "garbage", "snappy"),
        argumentSet("only a parameter", ";proto=prometheus.WriteRequest", "snappy"),
        argumentSet("a longer type", PROTOBUF + "2", "snappy"),
        argumentSet("two types", PROTOBUF + ", application/json", "snappy"),
        argumentSet("gzip", PROTOBUF, "gzip"),
        argumentSet("deflate", PROTOBUF, "deflate"),
        argumentSet("identity", PROTOBUF, "identity"),
        argumentSet("two encodings", PROTOBUF, "snappy, gzip"),
        argumentSet("encoding wrong, type missing", null, "gzip"),
        argumentSet("unknown message", PROTOBUF + ";proto=prometheus.Other", "snappy"),
        argumentSet("message in another case", PROTOBUF + ";proto=Prometheus.writerequest", null),
        argumentSet("empty message", PROTOBUF + ";proto=", "snappy"),
        argumentSet("half a quotation", PROTOBUF + ";proto=\"", "snappy"),
        argumentSet(
            "remote write 2.0 for now", PROTOBUF + ";proto=io.prometheus.write.v2.Request", null));
  }

  @ParameterizedTest
  @MethodSource("unsupported")
  void refuses(@Nullable String type, @Nullable String encoding) {
    assertThat(failure(type, encoding).kind()).isEqualTo(FailureKind.UNSUPPORTED);
  }

  @Test
  void fullTypeIsUnderstood() {
    WireFormat format = WireFormat.REMOTE_WRITE_V1;
    assertThat(WireFormat.of(format.contentType(), "snappy")).isEqualTo(format);
  }

  @Test
  void messageIsOneShortPrintableLine() {
    String text = failure("a\r\nX-Evil: 1\u0000" + "x".repeat(5_000), "snappy").getMessage();
    assertThat(text).hasSizeLessThan(300).doesNotContainPattern("\\p{Cntrl}");
  }

  @Test
  void tellsSendersOfVersionTwoWhatToSet() {
    assertThat(failure(PROTOBUF + ";proto=io.prometheus.write.v2.Request", null))
        .hasMessageContaining("protobuf_message: prometheus.WriteRequest");
  }

  private static IngestFailure failure(@Nullable String type, @Nullable String encoding) {
    return catchThrowableOfType(IngestFailure.class, () -> WireFormat.of(type, encoding));
  }
}
