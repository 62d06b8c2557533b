package org.promscale.ha;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.promscale.model.Exemplar;
import org.promscale.model.HistogramSample;
import org.promscale.model.Labels;
import org.promscale.model.MetricMetadata;
import org.promscale.model.Samples;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;

/** Some items of a batch with only the series they need. One thread. */
final class BatchPart implements ItemTaker {

  private final WriteBatch whole;
  private final SeriesTable series = new SeriesTable(0);
  private final int[] rows;
  private final Samples samples = new Samples(0);
  private final List<HistogramSample> histograms = new ArrayList<>(0);
  private final List<Exemplar> exemplars = new ArrayList<>(0);

  BatchPart(WriteBatch whole) {
    this.whole = whole;
    this.series.idsAreOf(whole.series().idEpoch());
    this.rows = new int[whole.series().size()];
    Arrays.fill(rows, -1);
  }

  @Override
  public void addSample(int index) {
    Samples all = whole.samples();
    samples.add(row(all.series(index)), all.timestampMs(index), all.valueBits(index));
  }

  @Override
  public void add(HistogramSample histogram) {
    histograms.add(
        new HistogramSample(
            row(histogram.seriesRow()), histogram.timestampMs(), histogram.histogram()));
  }

  @Override
  public void add(Exemplar exemplar) {
    exemplars.add(
        new Exemplar(
            row(exemplar.seriesRow()),
            exemplar.timestampMs(),
            exemplar.valueBits(),
            exemplar.labels()));
  }

  WriteBatch build(List<MetricMetadata> metadata) {
    return new WriteBatch(
        whole.tenant(), List.of(), series, samples, histograms, exemplars, metadata);
  }

  private int row(int row) {
    if (rows[row] < 0) {
      rows[row] = copy(row);
    }
    return rows[row];
  }

  private int copy(int row) {
    SeriesTable all = whole.series();
    long id = all.id(row);
    if (id != SeriesTable.UNKNOWN_ID) {
      return series.addKnown(all.hashHigh(row), all.hashLow(row), id);
    }
    @Nullable Labels labels = all.labels(row);
    if (labels == null) {
      throw new IllegalStateException("a series without id has no labels");
    }
    return series.addUnknown(all.hashHigh(row), all.hashLow(row), labels);
  }
}
