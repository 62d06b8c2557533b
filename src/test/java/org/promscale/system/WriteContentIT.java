package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.promscale.system.Messages.label;
import static org.promscale.system.Messages.metadata;
import static org.promscale.system.Messages.request;
import static org.promscale.system.Messages.sample;
import static org.promscale.system.Messages.series;
import static org.promscale.system.Rows.hex;
import static org.promscale.system.Rows.row;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.WireLabels;
import org.promscale.wire.proto.RemoteWriteV1.BucketSpan;
import org.promscale.wire.proto.RemoteWriteV1.Exemplar;
import org.promscale.wire.proto.RemoteWriteV1.Histogram;
import org.promscale.wire.proto.RemoteWriteV1.MetricMetadata;
import org.promscale.wire.proto.RemoteWriteV1.Sample;
import org.promscale.wire.proto.RemoteWriteV1.TimeSeries;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/** What is in the database after remote write 1.0 requests, bit by bit. */
class WriteContentIT {

  private final long now = Instant.now().toEpochMilli();
  private static final long ONE = Double.doubleToRawLongBits(1);
  private static final long TWO = Double.doubleToRawLongBits(2);

  private static final List<Long> SPECIAL_BITS =
      List.of(
          0x7ff0000000000002L, // stale marker
          0x7ff8000000000001L, // ordinary NaN
          0x7ff80000deadbeefL,
          0xfff8000000000000L,
          0x7ff0000000000000L, // +Inf
          0xfff0000000000000L,
          0x8000000000000000L, // -0.0
          0x0000000000000001L,
          0x3fb999999999999aL);

  private static PostgresServer postgres;
  private static ConnectorProcess connector;
  private static DataSource database;

  private final RemoteWriteClient client = new RemoteWriteClient();

  @BeforeAll
  static void start() {
    postgres = PostgresServer.start(Map.of());
    String name = postgres.createDatabase();
    database = postgres.dataSource(name);
    connector = ConnectorProcess.start(postgres, name, "-metrics.retention=forever");
  }

  @AfterAll
  static void stop() {
    connector.close();
    postgres.close();
  }

  @Test
  void validRestOfARequestIsStored() throws Exception {
    WriteRequest request =
        WriteRequest.newBuilder()
            .addTimeseries(series("partial").addSamples(sample(now, ONE)))
            .addTimeseries(WireLabels.encode(Map.of("no", "name")).addSamples(sample(now, ONE)))
            .addTimeseries(
                series("partial")
                    .addSamples(sample(now + 3_600_000, ONE))
                    .addSamples(sample(now + 1, TWO)))
            .build();
    RemoteWriteClient.Answer answer = client.write(connector.writeUri(), request);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body())
        .startsWith("2 of 4 items rejected: 1 x series has no metric name ({no=\"name\"}); 1 x")
        .contains("timestamp too far in the future");
    assertThat(answer.header("X-Prometheus-Remote-Write-Samples-Written")).isEmpty();
    assertThat(Rows.samples(database, "partial")).containsExactly(row(now, ONE), row(now + 1, TWO));
  }

  @Test
  void retriesStoreOnce() throws Exception {
    byte[] body =
        RemoteWriteClient.encode(request("retried", sample(now, ONE), sample(now + 1, TWO)));
    for (int i = 0; i < 3; i++) {
      assertThat(client.post(connector.writeUri(), body).status()).isEqualTo(204);
    }
    assertThat(Rows.samples(database, "retried")).containsExactly(row(now, ONE), row(now + 1, TWO));
  }

  @Test
  void concurrentRetriesStoreOnce() throws Exception {
    WriteRequest.Builder request = WriteRequest.newBuilder();
    for (int i = 0; i < 200; i++) {
      request.addTimeseries(
          WireLabels.encode(Map.of("__name__", "racing", "i", "" + i % 100))
              .addSamples(sample(now + i, ONE)));
    }
    byte[] body = RemoteWriteClient.encode(request.build());
    ExecutorService senders = Executors.newFixedThreadPool(8);
    try {
      List<Future<Integer>> answers = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        answers.add(senders.submit(() -> client.post(connector.writeUri(), body).status()));
      }
      for (Future<Integer> answer : answers) {
        assertThat(answer.get(60, TimeUnit.SECONDS)).isEqualTo(204);
      }
    } finally {
      senders.shutdownNow();
    }
    assertThat(Rows.samples(database, "racing")).hasSize(200).doesNotHaveDuplicates();
  }

  @Test
  void firstValueWins() throws Exception {
    store(request("first", sample(now, ONE)));
    store(request("first", sample(now, TWO)));
    store(request("first", sample(now + 1, TWO), sample(now + 1, ONE), sample(now, TWO)));
    assertThat(Rows.samples(database, "first")).containsExactly(row(now, ONE), row(now + 1, TWO));
  }

  @Test
  void orderOfArrivalDoesNotMatter() throws Exception {
    store(request("disorder", sample(now, ONE), sample(now - 5_000, TWO)));
    store(request("disorder", sample(now - 10_000, ONE)));
    store(request("disorder", sample(now - 2_500, TWO), sample(now - 7_500, ONE)));
    assertThat(Rows.samples(database, "disorder"))
        .containsExactly(
            row(now - 10_000, ONE),
            row(now - 7_500, ONE),
            row(now - 5_000, TWO),
            row(now - 2_500, TWO),
            row(now, ONE));
  }

  /** The first one is the first instant that PostgreSQL knows; each opens a partition. */
  @Test
  void timesOfAllAges() throws Exception {
    List<Long> times =
        List.of(-210_866_803_200_000L, -62_135_596_800_001L, -86_400_001L, -1L, 0L, 1L, 999L);
    for (int attempt = 0; attempt < 2; attempt++) {
      WriteRequest.Builder request = WriteRequest.newBuilder();
      TimeSeries.Builder series = series("ages");
      times.forEach(time -> series.addSamples(sample(time, ONE)));
      store(request.addTimeseries(series).build());
      assertThat(Rows.samples(database, "ages"))
          .containsExactlyElementsOf(times.stream().map(time -> row(time, ONE)).toList());
    }
    RemoteWriteClient.Answer answer =
        client.write(connector.writeUri(), request("ages", sample(-210_866_803_200_001L, ONE)));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body()).contains("before 4713 BC");
  }

  @Test
  void everyBitSurvivesTheFastPath() throws Exception {
    store(request("bits_fast", special(now)));
    assertThat(Rows.samples(database, "bits_fast")).isEqualTo(specialRows(now));
  }

  /** A row that is there already sends the whole request through INSERT … ON CONFLICT. */
  @Test
  void everyBitSurvivesTheCarefulPath() throws Exception {
    store(request("bits_careful", sample(now - 1, ONE)));
    List<Sample> samples = new ArrayList<>(List.of(sample(now - 1, TWO)));
    samples.addAll(List.of(special(now)));
    store(request("bits_careful", samples.toArray(Sample[]::new)));
    List<String> expected = new ArrayList<>(List.of(row(now - 1, ONE)));
    expected.addAll(specialRows(now));
    assertThat(Rows.samples(database, "bits_careful")).isEqualTo(expected);
  }

  @Test
  void labelsOfAllKinds() throws Exception {
    Map<String, String> labels =
        Map.of(
            "__name__", "l\u00e4bels",
            "line", "a\nb\tc\\d\"e",
            "dotted.name", "x",
            "with space", "y",
            "\ud83d\ude00", "\ud83d\ude01",
            "\uff5e", "\u20ac",
            "control", "\u0001\u001f\u007f",
            "empty", "",
            "long", "\u00df".repeat(2_048));
    TimeSeries sorted = WireLabels.encode(labels).addSamples(sample(now, ONE)).build();
    TimeSeries.Builder reversed = TimeSeries.newBuilder().addSamples(sample(now + 1, ONE));
    for (int i = sorted.getLabelsCount() - 1; i >= 0; i--) {
      reversed.addLabels(sorted.getLabels(i));
    }
    store(WriteRequest.newBuilder().addTimeseries(sorted).build());
    store(WriteRequest.newBuilder().addTimeseries(reversed).build());
    assertThat(Rows.samples(database, "l\u00e4bels")).hasSize(2);
    Map<String, String> stored = new HashMap<>();
    for (String row :
        Rows.of(
            database,
            "SELECT encode(convert_to(l.key, 'UTF8'), 'hex'),"
                + " encode(convert_to(l.value, 'UTF8'), 'hex')"
                + " FROM _prom_catalog.series s, jsonb_each_text(s.labels) l"
                + " WHERE s.labels->>'__name__' = 'l\u00e4bels'")) {
      String[] pair = row.split("\\|", -1);
      assertThat(stored.put(text(pair[0]), text(pair[1]))).isNull();
    }
    Map<String, String> expected = new HashMap<>(labels);
    expected.remove("empty");
    assertThat(stored).isEqualTo(expected);
  }

  @Test
  void storesHistograms() throws Exception {
    Histogram integers =
        Histogram.newBuilder()
            .setTimestamp(now)
            .setSchema(3)
            .setResetHintValue(2)
            .setZeroThreshold(0.001)
            .setSum(18.4)
            .setCountInt(23)
            .setZeroCountInt(4)
            .addPositiveSpans(BucketSpan.newBuilder().setOffset(-2).setLength(2))
            .addPositiveSpans(BucketSpan.newBuilder().setOffset(1).setLength(1))
            .addAllPositiveDeltas(List.of(3L, 2L, -4L))
            .addNegativeSpans(BucketSpan.newBuilder().setOffset(5).setLength(2))
            .addAllNegativeDeltas(List.of(4L, 2L))
            .build();
    Histogram floats =
        Histogram.newBuilder()
            .setTimestamp(now + 1)
            .setCountFloat(12.5)
            .setZeroCountFloat(1.5)
            .addPositiveSpans(BucketSpan.newBuilder().setLength(2))
            .addAllPositiveCounts(List.of(4.0, 7.0))
            .build();
    Histogram custom =
        Histogram.newBuilder()
            .setTimestamp(now + 2)
            .setSchema(-53)
            .setCountInt(3)
            .addAllCustomValues(List.of(0.5, 1.0))
            .addPositiveSpans(BucketSpan.newBuilder().setLength(2))
            .addAllPositiveDeltas(List.of(1L, 1L))
            .build();
    Histogram stale =
        Histogram.newBuilder()
            .setTimestamp(now + 3)
            .setCountInt(0)
            .setSum(Double.longBitsToDouble(0x7ff0000000000002L))
            .build();
    WriteRequest request =
        WriteRequest.newBuilder()
            .addTimeseries(
                series("native").addAllHistograms(List.of(integers, floats, custom, stale)))
            .build();
    store(request);
    store(request);
    assertThat(
            Rows.of(
                database,
                "SELECT (extract(epoch FROM time) * 1000)::bigint - "
                    + now
                    + ", schema, reset_hint, zero_threshold, encode(float8send(sum), 'hex'),"
                    + " count_integer, count_float, zero_count_integer, zero_count_float,"
                    + " positive_spans, positive_deltas, positive_counts, negative_spans,"
                    + " negative_deltas, negative_counts, custom_values"
                    + " FROM prom_data.histogram WHERE "
                    + Rows.seriesOf("native")
                    + " ORDER BY time"))
        .containsExactly(
            "0|3|2|0.001|"
                + hex(Double.doubleToRawLongBits(18.4))
                + "|23|null|4|null|{-2,2,1,1}|{3,2,-4}|null|{5,2}|{4,2}|null|{}",
            "1|0|0|0|0000000000000000|null|12.5|null|1.5|{0,2}|null|{4,7}|{}|null|{}|{}",
            "2|-53|0|0|0000000000000000|3|null|0|null|{0,2}|{1,1}|null|{}|{}|null|{0.5,1}",
            "3|0|0|0|7ff0000000000002|0|null|0|null|{}|{}|null|{}|{}|null|{}");
  }

  @Test
  void storesExemplars() throws Exception {
    Exemplar.Builder traced =
        Exemplar.newBuilder()
            .setTimestamp(now)
            .setValue(Double.longBitsToDouble(0x7ff80000deadbeefL));
    traced.addLabels(label("trace_id", "\ud83d\ude00\n"));
    traced.addLabels(label("a", "b"));
    Exemplar bare = Exemplar.newBuilder().setTimestamp(now + 1).setValue(2).build();
    WriteRequest request =
        WriteRequest.newBuilder()
            .addTimeseries(series("exemplified").addExemplars(traced).addExemplars(bare))
            .build();
    store(request);
    store(request);
    assertThat(
            Rows.of(
                database,
                "SELECT (extract(epoch FROM time) * 1000)::bigint - "
                    + now
                    + ", encode(float8send(value), 'hex'), labels"
                    + " FROM prom_data.exemplar WHERE "
                    + Rows.seriesOf("exemplified")
                    + " ORDER BY time"))
        .containsExactly(
            "0|7ff80000deadbeef|{\"a\": \"b\", \"trace_id\": \"\ud83d\ude00\\n\"}",
            "1|" + hex(TWO) + "|{}");
    assertThat(Rows.samples(database, "exemplified")).isEmpty();
  }

  @Test
  void storesMetadata() throws Exception {
    WriteRequest request =
        WriteRequest.newBuilder()
            .addMetadata(
                metadata("reqs", MetricMetadata.Type.COUNTER, "Requests\nof all \u00fc.", ""))
            .addMetadata(metadata("reqs", MetricMetadata.Type.COUNTER, "Other help.", "seconds"))
            .addMetadata(metadata("temp", MetricMetadata.Type.GAUGEHISTOGRAM, "", ""))
            .build();
    store(request);
    store(request);
    assertThat(
            Rows.of(
                database,
                "SELECT tenant_id, family, type, unit, help FROM _prom_catalog.metadata"
                    + " WHERE family IN ('reqs', 'temp') ORDER BY 2, 4"))
        .containsExactly(
            "0|reqs|counter||Requests\nof all \u00fc.",
            "0|reqs|counter|seconds|Other help.",
            "0|temp|gaugehistogram||");
  }

  @Test
  void refusedRequestsLeaveNothing() throws Exception {
    WriteRequest.Builder request = WriteRequest.newBuilder();
    for (int i = 0; i < 50_001; i++) {
      request.addTimeseries(series("too_many").addSamples(sample(now + i, ONE)));
    }
    assertThat(client.write(connector.writeUri(), request.build()).status()).isEqualTo(400);
    request.removeTimeseries(0);
    store(request.build());
    assertThat(Rows.samples(database, "too_many")).hasSize(50_000);
  }

  @Test
  void aRequestOpensEightPartitionsAtMost() throws Exception {
    TimeSeries.Builder series = series("wide");
    long century = 100L * 365 * 86_400_000;
    for (int i = 1; i <= 10; i++) {
      series.addSamples(sample(-i * century, ONE));
    }
    RemoteWriteClient.Answer answer =
        client.write(connector.writeUri(), WriteRequest.newBuilder().addTimeseries(series).build());
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body()).startsWith("2 of 10 items rejected").contains("new time partitions");
    assertThat(Rows.samples(database, "wide")).hasSize(8);
  }

  private void store(WriteRequest request) throws IOException {
    RemoteWriteClient.Answer answer = client.write(connector.writeUri(), request);
    assertThat(answer.status()).as(answer.body()).isEqualTo(204);
    assertThat(answer.body()).isEmpty();
  }

  private static Sample[] special(long from) {
    Sample[] samples = new Sample[SPECIAL_BITS.size()];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = sample(from + i, SPECIAL_BITS.get(i));
    }
    return samples;
  }

  private static List<String> specialRows(long from) {
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < SPECIAL_BITS.size(); i++) {
      rows.add(row(from + i, SPECIAL_BITS.get(i)));
    }
    return rows;
  }

  private static String text(String hex) {
    return new String(HexFormat.of().parseHex(hex), StandardCharsets.UTF_8);
  }
}
