package org.promscale.ingest;

import java.util.ArrayList;
import java.util.List;
import org.promscale.model.Exemplar;
import org.promscale.model.HistogramSample;
import org.promscale.model.Labels;
import org.promscale.model.MetricMetadata;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.Samples;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;

/** Builds requests of several senders; each item has a series of its own. Times in seconds. */
final class ReplicaBatch {

  private final List<ReplicaIdentity> identities = new ArrayList<>();
  private final SeriesTable series = new SeriesTable(4);
  private final Samples samples = new Samples(4);
  private final List<HistogramSample> histograms = new ArrayList<>();
  private final List<Exemplar> exemplars = new ArrayList<>();
  private final List<MetricMetadata> metadata = new ArrayList<>();

  ReplicaBatch samples(String cluster, String replica, double... seconds) {
    int identity = identity(cluster, replica);
    int row = row(identity);
    for (double second : seconds) {
      samples.add(row, Math.round(second * 1_000), series.size());
    }
    return this;
  }

  ReplicaBatch ofNobody(double second) {
    samples.add(row(SeriesTable.NO_IDENTITY), Math.round(second * 1_000), 1);
    return this;
  }

  ReplicaBatch histogram(String cluster, String replica, double second) {
    int row = row(identity(cluster, replica));
    WriteBatch one = Batches.samplesAt();
    Batches.addHistogram(one, Math.round(second * 1_000));
    HistogramSample made = one.histograms().get(0);
    histograms.add(new HistogramSample(row, made.timestampMs(), made.histogram()));
    return this;
  }

  ReplicaBatch exemplar(String cluster, String replica, double second) {
    int row = row(identity(cluster, replica));
    exemplars.add(new Exemplar(row, Math.round(second * 1_000), 1, Labels.of()));
    return this;
  }

  ReplicaBatch metadata() {
    metadata.add(new MetricMetadata("up", MetricMetadata.Type.GAUGE, "", ""));
    return this;
  }

  WriteBatch build() {
    return new WriteBatch(0, identities, series, samples, histograms, exemplars, metadata);
  }

  private int identity(String cluster, String replica) {
    ReplicaIdentity identity = new ReplicaIdentity(cluster, replica);
    if (!identities.contains(identity)) {
      identities.add(identity);
    }
    return identities.indexOf(identity);
  }

  /** Every second series is new to the catalog. */
  private int row(int identity) {
    long number = series.size() + 1L;
    return number % 2 == 0
        ? series.addKnown(number, number, number, identity)
        : series.addUnknown(number, number, Labels.of("__name__", "m", "n", "" + number), identity);
  }
}
