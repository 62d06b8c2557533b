package org.promscale.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.promscale.ha.FillOrder;
import org.promscale.ha.LeaseClaim;
import org.promscale.model.Exemplar;
import org.promscale.model.HistogramSample;
import org.promscale.model.Labels;
import org.promscale.model.NativeHistogram;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.Samples;
import org.promscale.model.SeriesHasher;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;

/** Builds small batches for tests. */
final class Batches {

  private static final NativeHistogram ONE_OBSERVATION =
      new NativeHistogram(
          3,
          0.001,
          true,
          1,
          0,
          0,
          0,
          Double.doubleToRawLongBits(1),
          new int[] {0, 1},
          new long[] {1},
          new double[0],
          new int[0],
          new long[0],
          new double[0],
          new double[0],
          0);

  private final SeriesTable series = new SeriesTable(8);
  private final Samples samples = new Samples(8);
  private final List<HistogramSample> histograms = new ArrayList<>();
  private final List<Exemplar> exemplars = new ArrayList<>();
  private final List<ReplicaIdentity> senders = new ArrayList<>();
  private int sender = SeriesTable.NO_IDENTITY;

  /** A batch that knows no id: its series carry labels. */
  static Batches unknown() {
    return new Batches();
  }

  /** Names the sender of what is added from here on. */
  Batches from(String cluster, String replica) {
    senders.add(new ReplicaIdentity(cluster, replica));
    sender = senders.size() - 1;
    return this;
  }

  /** Adds a sample of the series with this metric name. */
  Batches sample(String metric, long timestampMs, double value) {
    return bits(metric, timestampMs, Double.doubleToRawLongBits(value));
  }

  /** Adds a sample with these raw bits. */
  Batches bits(String metric, long timestampMs, long bits) {
    samples.add(row(metric), timestampMs, bits);
    return this;
  }

  /** Adds a native histogram with one observation. */
  Batches histogram(String metric, long timestampMs) {
    histograms.add(new HistogramSample(row(metric), timestampMs, ONE_OBSERVATION));
    return this;
  }

  /** Adds an exemplar. */
  Batches exemplar(String metric, long timestampMs) {
    long one = Double.doubleToRawLongBits(1);
    exemplars.add(new Exemplar(row(metric), timestampMs, one, Labels.of("trace_id", "1")));
    return this;
  }

  private int row(String metric) {
    Labels labels = Labels.of(Labels.METRIC_NAME, metric, "job", "test");
    SeriesHasher hasher = new SeriesHasher(1, 2);
    byte[] name = metric.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    hasher.begin(0);
    hasher.add(name, 0, 0, 0, name.length);
    hasher.finish();
    return series.addUnknown(hasher.high(), hasher.low(), labels, sender);
  }

  /** Adds a sample of a series whose id is known. */
  Batches known(long seriesId, long timestampMs, double value) {
    samples.add(
        series.addKnown(seriesId, seriesId, seriesId),
        timestampMs,
        Double.doubleToRawLongBits(value));
    return this;
  }

  /** Says how often the cache had been emptied when the known ids were found there. */
  Batches idsOf(long epoch) {
    series.idsAreOf(epoch);
    return this;
  }

  WriteBatch build() {
    return new WriteBatch(
        0, List.copyOf(senders), series, samples, histograms, exemplars, new ArrayList<>());
  }

  /** A batch whose sender was judged to lead these clusters. */
  PendingBatch pending(LeaseClaim... claims) {
    return new PendingBatch(
        build(), List.of(claims), List.of(), null, 100, new CompletableFuture<>());
  }

  /** A batch that may only fill holes. */
  PendingBatch filling(FillOrder order) {
    return new PendingBatch(build(), List.of(), List.of(), order, 100, new CompletableFuture<>());
  }
}
