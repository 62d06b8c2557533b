package org.promscale.ingest;

import java.util.ArrayList;
import java.util.List;
import org.promscale.model.Exemplar;
import org.promscale.model.HistogramSample;
import org.promscale.model.Labels;
import org.promscale.model.MetricMetadata;
import org.promscale.model.NativeHistogram;
import org.promscale.model.Samples;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;

/** Small batches of one unknown series, in row 0, and a known one with id 7, in row 1. */
final class Batches {

  private Batches() {}

  /** Makes a batch with samples at these times, alternating between the two series. */
  static WriteBatch samplesAt(long... timestampsMs) {
    SeriesTable series = new SeriesTable(2);
    series.addUnknown(1, 1, Labels.of("__name__", "up", "job", "j"));
    series.addKnown(2, 2, 7);
    Samples samples = new Samples(timestampsMs.length);
    for (int i = 0; i < timestampsMs.length; i++) {
      samples.add(i % 2, timestampsMs[i], i);
    }
    return of(series, samples);
  }

  /** Makes a batch with nothing but samples. */
  static WriteBatch of(SeriesTable series, Samples samples) {
    return new WriteBatch(
        WriteBatch.DEFAULT_TENANT,
        List.of(),
        series,
        samples,
        new ArrayList<>(),
        new ArrayList<>(),
        new ArrayList<>());
  }

  static void addHistogram(WriteBatch batch, long timestampMs) {
    NativeHistogram empty =
        new NativeHistogram(
            0,
            0,
            true,
            0,
            0,
            0,
            0,
            0,
            new int[0],
            new long[0],
            new double[0],
            new int[0],
            new long[0],
            new double[0],
            new double[0],
            0);
    batch.histograms().add(new HistogramSample(0, timestampMs, empty));
  }

  static void addExemplar(WriteBatch batch, long timestampMs) {
    batch.exemplars().add(new Exemplar(1, timestampMs, 0, Labels.of()));
  }

  static void addMetadata(WriteBatch batch) {
    batch.metadata().add(new MetricMetadata("up", MetricMetadata.Type.GAUGE, "", ""));
  }

  static List<Long> times(WriteBatch batch) {
    List<Long> times = new ArrayList<>();
    for (int i = 0; i < batch.samples().size(); i++) {
      times.add(batch.samples().timestampMs(i));
    }
    return times;
  }

  /** Returns the reasons with their numbers, for instance {@code [NUL_CHARACTER 2]}. */
  static List<String> reasons(Rejections rejections) {
    List<String> reasons = new ArrayList<>();
    rejections.forEach((reason, items) -> reasons.add(reason + " " + items));
    return reasons;
  }
}
