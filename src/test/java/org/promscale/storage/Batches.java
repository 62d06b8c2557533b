package org.promscale.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.promscale.model.Labels;
import org.promscale.model.Samples;
import org.promscale.model.SeriesHasher;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;

/** Builds small batches for tests. */
final class Batches {

  private final SeriesTable series = new SeriesTable(8);
  private final Samples samples = new Samples(8);

  /** A batch that knows no id: its series carry labels. */
  static Batches unknown() {
    return new Batches();
  }

  /** Adds a sample of the series with this metric name. */
  Batches sample(String metric, long timestampMs, double value) {
    return bits(metric, timestampMs, Double.doubleToRawLongBits(value));
  }

  /** Adds a sample with these raw bits. */
  Batches bits(String metric, long timestampMs, long bits) {
    Labels labels = Labels.of(Labels.METRIC_NAME, metric, "job", "test");
    SeriesHasher hasher = new SeriesHasher(1, 2);
    byte[] name = metric.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    hasher.begin(0);
    hasher.add(name, 0, 0, 0, name.length);
    hasher.finish();
    samples.add(series.addUnknown(hasher.high(), hasher.low(), labels), timestampMs, bits);
    return this;
  }

  /** Adds a sample of a series whose id is known. */
  Batches known(long seriesId, long timestampMs, double value) {
    samples.add(
        series.addKnown(seriesId, seriesId, seriesId),
        timestampMs,
        Double.doubleToRawLongBits(value));
    return this;
  }

  WriteBatch build() {
    return new WriteBatch(
        0, List.of(), series, samples, new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
  }

  PendingBatch pending() {
    return new PendingBatch(build(), List.of(), null, 100, new CompletableFuture<>());
  }
}
