package org.promscale.sim;

import java.util.ArrayList;
import java.util.List;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.Samples;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;

/** What a shard sends: the same however often it is sent. Arrays belong to it. */
final class WriteRequest {

  private static final int BYTES_PER_SAMPLE = 16;

  private final List<ReplicaIdentity> identities;
  private final int size;
  private final int[] series;
  private final long[] timesMs;
  private final long[] valueBits;

  WriteRequest(List<ReplicaIdentity> identities, int[] series, long[] timesMs, long[] valueBits) {
    this.identities = identities;
    this.size = series.length;
    this.series = series;
    this.timesMs = timesMs;
    this.valueBits = valueBits;
  }

  int size() {
    return size;
  }

  int series(int i) {
    return series[i];
  }

  long timeMs(int i) {
    return timesMs[i];
  }

  long valueBits(int i) {
    return valueBits[i];
  }

  int bytes() {
    return size * BYTES_PER_SAMPLE;
  }

  /** Returns the id under which a series is stored. */
  static long idOf(int series) {
    return series + 1L;
  }

  /** Returns it decoded; the receiver owns the batch. */
  WriteBatch decode() {
    SeriesTable table = new SeriesTable(8);
    Samples samples = new Samples(size);
    int last = -1;
    int row = -1;
    for (int i = 0; i < size; i++) {
      if (series[i] != last) {
        last = series[i];
        long id = idOf(last);
        row = table.addKnown(id, id, id, last % identities.size());
      }
      samples.add(row, timesMs[i], valueBits[i]);
    }
    return new WriteBatch(
        WriteBatch.DEFAULT_TENANT,
        identities,
        table,
        samples,
        new ArrayList<>(0),
        new ArrayList<>(0),
        new ArrayList<>(0));
  }
}
