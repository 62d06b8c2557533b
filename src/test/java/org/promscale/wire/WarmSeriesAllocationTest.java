package org.promscale.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.promscale.ha.HaLabels;
import org.promscale.ingest.SeriesResolver;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/** A series that is known by its hash costs no object per label or sample. */
class WarmSeriesAllocationTest {

  private static final SeriesResolver KNOWS_ALL = (high, low) -> (low >>> 1) + 1;

  private static final HaLabels PAIRS =
      HaLabels.parse(
          "prometheus/prometheus_replica,cluster/__replica__", HaLabels.MissingLabels.REJECT);

  /** The columns: hash, id and sender of a series; row, time and value of a sample. */
  private static final int COLUMN_BYTES = 28 + 20;

  /** The decoder makes room for entries of this many bytes before it begins. */
  private static final int EXPECTED_ENTRY_BYTES = 160;

  /** Decoder, hasher, scanner, empty lists: the same for every request, however large. */
  private static final int FIXED_BYTES = 8_192;

  @Test
  void oneSeriesPerSample() {
    assertOnlyColumns(seriesOf(100, 1));
    assertOnlyColumns(seriesOf(10_000, 1));
  }

  @Test
  void unsortedLabelsCostNothingMore() {
    assertOnlyColumns(shuffled(100));
    assertOnlyColumns(shuffled(10_000));
  }

  @Test
  void oneSender() {
    assertOnlyColumns(sent(100, 1), PAIRS);
    assertOnlyColumns(sent(10_000, 1), PAIRS);
  }

  @Test
  void sendersInTurn() {
    assertOnlyColumns(sent(10_000, 20), PAIRS);
  }

  /** Columns that grow are copied, which makes some twice their final size. */
  @Test
  void manySamplesPerSeries() {
    assertThat(allocated(seriesOf(10, 1_000), HaLabels.OFF))
        .isLessThan(10_000 * 2 * 48 + FIXED_BYTES);
  }

  /** One object of 16 bytes for a sample in 20 would be too much. */
  private static void assertOnlyColumns(byte[] body) {
    assertOnlyColumns(body, HaLabels.OFF);
  }

  private static void assertOnlyColumns(byte[] body, HaLabels haLabels) {
    int room = body.length / EXPECTED_ENTRY_BYTES + 1;
    assertThat(allocated(body, haLabels)).isLessThan((long) room * COLUMN_BYTES + FIXED_BYTES);
  }

  /** The smallest of several runs: the first ones also pay for the compilers' work. */
  private static long allocated(byte[] body, HaLabels haLabels) {
    long[] runs = new long[20];
    long samples = 0;
    for (int i = 0; i < runs.length; i++) {
      long before = Allocation.ofThisThread();
      samples += V1.decode(body, WireLimits.DEFAULT, haLabels, KNOWS_ALL).batch().samples().size();
      runs[i] = Allocation.ofThisThread() - before;
    }
    assertThat(samples).isPositive();
    return Arrays.stream(runs).min().orElseThrow();
  }

  /** Ten labels per series, as a typical target has them. */
  private static byte[] seriesOf(int count, int samplesEach) {
    WriteRequest.Builder request = WriteRequest.newBuilder();
    for (int i = 0; i < count; i++) {
      var series =
          V1.series(
              "__name__", "http_request_duration_seconds_bucket",
              "cluster", "eu-1",
              "code", "200",
              "handler", "/api/v1/query_range",
              "instance", "host-" + i + ".example:9090",
              "job", "prometheus",
              "le", "0.1",
              "method", "GET",
              "namespace", "monitoring",
              "pod", "prometheus-" + i);
      for (int s = 0; s < samplesEach; s++) {
        series.addSamples(V1.sample(1_700_000_000_000L + s, s));
      }
      request.addTimeseries(series);
    }
    return request.build().toByteArray();
  }

  private static byte[] shuffled(int count) {
    WriteRequest.Builder request = WriteRequest.newBuilder();
    for (int i = 0; i < count; i++) {
      request.addTimeseries(
          V1.series(
                  "pod", "prometheus-" + i,
                  "job", "prometheus",
                  "__name__", "http_request_duration_seconds_bucket",
                  "instance", "host-" + i + ".example:9090",
                  "empty", "",
                  "namespace", "monitoring",
                  "cluster", "eu-1",
                  "handler", "/api/v1/query_range")
              .addSamples(V1.sample(1_700_000_000_000L, 1)));
    }
    return request.build().toByteArray();
  }

  /** Series of this many replicas of one cluster, in turn. */
  private static byte[] sent(int count, int replicas) {
    WriteRequest.Builder request = WriteRequest.newBuilder();
    for (int i = 0; i < count; i++) {
      request.addTimeseries(
          V1.series(
                  "__name__", "http_request_duration_seconds_bucket",
                  "__replica__", "prometheus-" + i % replicas,
                  "cluster", "eu-1",
                  "handler", "/api/v1/query_range",
                  "instance", "host-" + i + ".example:9090",
                  "job", "prometheus",
                  "namespace", "monitoring")
              .addSamples(V1.sample(1_700_000_000_000L, 1)));
    }
    return request.build().toByteArray();
  }
}
