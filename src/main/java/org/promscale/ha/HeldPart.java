package org.promscale.ha;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.promscale.model.Exemplar;
import org.promscale.model.HistogramSample;
import org.promscale.model.Samples;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;

/** Gathers what must be known of the samples of one request that are kept. One thread. */
final class HeldPart implements ItemTaker {

  private final WriteBatch batch;
  private final SplittableRandom random;
  private final long[] ids = new long[Probes.MOST];
  private final long[] times = new long[Probes.MOST];
  private int probes;
  private long candidates;
  private boolean histograms;
  private long oldestMs = Long.MAX_VALUE;
  private long newestMs = Lease.NO_TIME;
  private long exemplarMs = Lease.NO_TIME;
  private long items;

  HeldPart(WriteBatch batch, long salt) {
    this.batch = batch;
    this.random = new SplittableRandom(salt);
  }

  @Override
  public void addSample(int index) {
    Samples samples = batch.samples();
    add(samples.timestampMs(index));
    probe(samples.series(index), samples.timestampMs(index));
  }

  @Override
  public void add(HistogramSample histogram) {
    add(histogram.timestampMs());
    if (candidates == 0) {
      histograms = true;
    }
    if (histograms) {
      probe(histogram.seriesRow(), histogram.timestampMs());
    }
  }

  /** Its time is the application's: it counts only where there is no other. */
  @Override
  public void add(Exemplar exemplar) {
    exemplarMs = Math.max(exemplarMs, exemplar.timestampMs());
    items++;
  }

  private void add(long timestampMs) {
    oldestMs = Math.min(oldestMs, timestampMs);
    newestMs = Math.max(newestMs, timestampMs);
    items++;
  }

  /** Every sample of a known series has the same chance: reservoir sampling, Vitter's R. */
  private void probe(int row, long timestampMs) {
    long id = batch.series().id(row);
    if (id == SeriesTable.UNKNOWN_ID) {
      return;
    }
    candidates++;
    long at = probes < Probes.MOST ? probes++ : random.nextLong(candidates);
    if (at < Probes.MOST) {
      ids[(int) at] = id;
      times[(int) at] = timestampMs;
    }
  }

  Slices.Held build(int identity) {
    boolean dated = newestMs != Lease.NO_TIME;
    return new Slices.Held(
        identity,
        dated ? oldestMs : exemplarMs,
        dated ? newestMs : exemplarMs,
        items,
        new Probes(Arrays.copyOf(ids, probes), Arrays.copyOf(times, probes), histograms));
  }
}
