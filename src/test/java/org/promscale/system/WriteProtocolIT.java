package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.WireLabels;
import org.promscale.wire.proto.RemoteWriteV1.TimeSeries;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;
import org.xerial.snappy.Snappy;
import org.xerial.snappy.SnappyFramedOutputStream;

/** Methods, headers, sizes and statuses of remote write 1.0, over real HTTP. */
class WriteProtocolIT {

  private static final String TYPE = "Content-Type: application/x-protobuf\n";
  private static final String SNAPPY = "Content-Encoding: snappy\n";
  private static final byte[] NOTHING = {};
  private static final byte[] CORRUPT = {4, 0, 'x'};
  private static final int CAP = 32 << 20;

  private static PostgresServer postgres;
  private static ConnectorProcess connector;

  @BeforeAll
  static void start() {
    postgres = PostgresServer.start(Map.of());
    connector = ConnectorProcess.start(postgres, postgres.createDatabase());
  }

  @AfterAll
  static void stop() {
    connector.close();
    postgres.close();
  }

  static List<Arguments> accepted() {
    return List.of(
        argumentSet("Prometheus' path", "/api/v1/write", TYPE + SNAPPY),
        argumentSet("the predecessor's path", "/write", TYPE + SNAPPY),
        argumentSet("no type, no encoding", "/write", ""),
        argumentSet("no encoding", "/write", TYPE),
        argumentSet("no type", "/write", SNAPPY),
        argumentSet("type in capitals", "/write", "Content-Type: APPLICATION/X-PROTOBUF\n"),
        argumentSet(
            "message named after a space",
            "/write",
            "Content-Type: application/x-protobuf; proto=prometheus.WriteRequest\n"),
        argumentSet(
            "message named without a space",
            "/write",
            "Content-Type: application/x-protobuf;proto=prometheus.WriteRequest\n" + SNAPPY),
        argumentSet(
            "malformed parameters", "/write", "Content-Type: application/x-protobuf; =;;x\n"),
        argumentSet("version 0.1.0", "/write", TYPE + "X-Prometheus-Remote-Write-Version: 0.1.0\n"),
        argumentSet(
            "any version", "/write", TYPE + "X-Prometheus-Remote-Write-Version: whatever\n"),
        argumentSet("a retry", "/write", TYPE + "Retry-Attempt: 3\n"),
        argumentSet("any user agent", "/write", TYPE + "User-Agent: x\n"),
        argumentSet("any accepted answer", "/write", TYPE + "Accept: application/json\n"));
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void answers204WithoutBody(String path, String headers) throws IOException {
    RawHttp.Answer answer = post(path, headers, body("accepted"));
    assertThat(answer.status()).isEqualTo(204);
    assertThat(answer.body()).isEmpty();
    assertThat(answer.headers())
        .doesNotContainKey("x-prometheus-remote-write-samples-written")
        .doesNotContainKey("transfer-encoding");
  }

  static List<Arguments> methods() {
    return List.of(
        argumentSet("GET /write", "GET /write"),
        argumentSet("GET /api/v1/write", "GET /api/v1/write"),
        argumentSet("PUT /write", "PUT /write"),
        argumentSet("PUT /api/v1/write", "PUT /api/v1/write"),
        argumentSet("DELETE /write", "DELETE /write"),
        argumentSet("DELETE /api/v1/write", "DELETE /api/v1/write"),
        argumentSet("PATCH /write", "PATCH /write"));
  }

  @ParameterizedTest
  @MethodSource("methods")
  void answers405(String requestLine) throws IOException {
    RawHttp.Answer answer =
        RawHttp.send(connector.uri("/"), requestLine, "Content-Length: 0\n", NOTHING);
    assertThat(answer.status()).isEqualTo(405);
    assertThat(answer.headers().get("allow")).contains("POST");
  }

  static List<Arguments> unsupported() {
    return List.of(
        argumentSet("JSON", "Content-Type: application/json\n" + SNAPPY),
        argumentSet("an image", "Content-Type: image/png\n" + SNAPPY),
        argumentSet("a form", "Content-Type: application/x-www-form-urlencoded\n" + SNAPPY),
        argumentSet("a multipart form", "Content-Type: multipart/form-data; boundary=x\n" + SNAPPY),
        argumentSet("not a media type", "Content-Type: garbage\n" + SNAPPY),
        argumentSet("half a media type", "Content-Type: application/\n" + SNAPPY),
        argumentSet("punctuation", "Content-Type: ;;==/,\n" + SNAPPY),
        argumentSet("gzip", TYPE + "Content-Encoding: gzip\n"),
        argumentSet("deflate", TYPE + "Content-Encoding: deflate\n"),
        argumentSet("unknown encoding", TYPE + "Content-Encoding: xyz\n"),
        argumentSet(
            "version 2 for now",
            "Content-Type: application/x-protobuf;proto=io.prometheus.write.v2.Request\n"
                + SNAPPY));
  }

  /** The body is corrupt too, but nobody looks. */
  @ParameterizedTest
  @MethodSource("unsupported")
  void answers415BeforeTheBody(String headers) throws IOException {
    for (String path : List.of("/write", "/api/v1/write")) {
      assertRefused(post(path, headers, CORRUPT), 415);
    }
    assertRefused(
        RawHttp.send(
            connector.uri("/"), "POST /write", headers + "Content-Length: 1000000\n", NOTHING),
        415);
  }

  static List<Arguments> bad() throws IOException {
    ByteArrayOutputStream framed = new ByteArrayOutputStream();
    try (SnappyFramedOutputStream out = new SnappyFramedOutputStream(framed)) {
      out.write(request("framed").toByteArray());
    }
    return List.of(
        argumentSet("empty body", NOTHING, "no valid length"),
        argumentSet("corrupt block", CORRUPT, "it is corrupt"),
        argumentSet("framed snappy", framed.toByteArray(), "framed format"),
        argumentSet("not compressed", request("plain").toByteArray(), "snappy block"),
        argumentSet("not protobuf", Snappy.compress("hello world"), "remote write 1.0 request"),
        argumentSet("bomb", Snappy.compress(new byte[CAP + 1]), "limit is " + CAP),
        argumentSet("4 GiB declared", new byte[] {-1, -1, -1, -1, 15, 0, 1}, "decodes to"),
        argumentSet("no metric name", block(series("a", "b")), "1 of 1 items rejected"),
        argumentSet("U+0000", block(series("__name__", "nul\0")), "U+0000"),
        argumentSet("50,001 series", entries(50_001, 1), "more than 50000 series"),
        argumentSet("200,001 samples", entries(20, 10_001), "more than 200000 samples"));
  }

  @ParameterizedTest
  @MethodSource("bad")
  void answers400(byte[] body, String text) throws IOException {
    RawHttp.Answer answer = post("/api/v1/write", TYPE + SNAPPY, body);
    assertRefused(answer, 400);
    assertThat(answer.body()).contains(text);
  }

  @Test
  void answers413ToADeclaredLengthWithoutWaitingForTheBody() throws IOException {
    for (String length : List.of("33554433", "2147483648", "1099511627776")) {
      assertRefused(
          RawHttp.send(
              connector.uri("/"),
              "POST /write",
              TYPE + SNAPPY + "Content-Length: " + length + "\n",
              NOTHING),
          413);
    }
  }

  @Test
  void answers413ToChunksOverTheCap() throws IOException {
    byte[] noise = new byte[CAP + 1];
    new Random(1).nextBytes(noise);
    assertRefused(chunked(noise, 1 << 20), 413);
  }

  /** Also shows that the server itself stops nothing below our cap. */
  @Test
  void aBodyAtTheCapIsRead() throws IOException {
    byte[] noise = new byte[CAP];
    new Random(1).nextBytes(noise);
    noise[0] = -1;
    assertRefused(post("/write", TYPE + SNAPPY, noise), 400);
    assertRefused(chunked(noise, 100_000), 400);
  }

  @Test
  void chunkedBodiesAreAccepted() throws IOException {
    assertThat(chunked(body("chunked"), 7).status()).isEqualTo(204);
  }

  @Test
  void clientsMayAskFirst() throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(connector.writeUri())
            .header("Content-Type", "application/x-protobuf")
            .version(HttpClient.Version.HTTP_1_1)
            .expectContinue(true)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body("asked")))
            .build();
    assertThat(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()))
        .returns(204, HttpResponse::statusCode);
  }

  /** Senders put many requests on one connection, refused ones included. */
  @Test
  void aRefusalLeavesTheConnectionUsable() throws IOException {
    RemoteWriteClient client = new RemoteWriteClient();
    for (int i = 0; i < 20; i++) {
      assertThat(client.post(connector.writeUri(), CORRUPT).status()).isEqualTo(400);
      assertThat(client.write(connector.writeUri(), request("again")).status()).isEqualTo(204);
    }
  }

  private static void assertRefused(RawHttp.Answer answer, int status) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().get("content-type")).startsWithIgnoringCase("text/plain");
    assertThat(answer.headers()).doesNotContainKey("retry-after");
    assertThat(answer.body()).endsWith("\n").doesNotContain("<html");
    assertThat(answer.body().strip()).isNotEmpty().doesNotContain("\n", "org.promscale");
    assertThat(answer.body().getBytes(StandardCharsets.UTF_8)).hasSizeLessThan(1_024);
  }

  private static RawHttp.Answer post(String path, String headers, byte[] body) throws IOException {
    return RawHttp.send(
        connector.uri("/"),
        "POST " + path,
        headers + "Content-Length: " + body.length + "\n",
        body);
  }

  private static RawHttp.Answer chunked(byte[] body, int chunkBytes) throws IOException {
    return RawHttp.send(
        connector.uri("/"),
        "POST /write",
        TYPE + SNAPPY + "Transfer-Encoding: chunked\n",
        RawHttp.chunked(body, chunkBytes));
  }

  private static WriteRequest request(String metric) {
    return WriteRequest.newBuilder().addTimeseries(series("__name__", metric)).build();
  }

  private static TimeSeries series(String name, String value) {
    return WireLabels.encode(Map.of(name, value))
        .addSamples(WireLabels.sample(System.currentTimeMillis(), 1))
        .build();
  }

  private static byte[] body(String metric) {
    return RemoteWriteClient.encode(request(metric));
  }

  private static byte[] block(TimeSeries series) {
    return RemoteWriteClient.encode(WriteRequest.newBuilder().addTimeseries(series).build());
  }

  private static byte[] entries(int entries, int samplesEach) {
    TimeSeries.Builder series = WireLabels.encode(Map.of("__name__", "too_many"));
    for (int i = 0; i < samplesEach; i++) {
      series.addSamples(WireLabels.sample(1_000L + i, i));
    }
    WriteRequest.Builder request = WriteRequest.newBuilder();
    for (int i = 0; i < entries; i++) {
      request.addTimeseries(series);
    }
    return RemoteWriteClient.encode(request.build());
  }
}
