package org.promscale.ha;

/**
 * Some samples of a held request, one each of random series whose ids are known: if the leader has
 * stored their neighbours, it has most likely stored the rest. The arrays belong to the record;
 * nobody changes them.
 *
 * @param seriesIds ids of the series
 * @param timesMs data time of each sample
 * @param histograms whether they are native histograms, which are stored elsewhere
 */
@SuppressWarnings("ArrayRecordComponent") // columns, never compared
public record Probes(long[] seriesIds, long[] timesMs, boolean histograms) {

  /** Samples of one request: a shard of a fiftieth is missed by one request, not by twenty. */
  public static final int MOST = 16;

  /** Nothing to look for. */
  public static final Probes NONE = new Probes(new long[0], new long[0], false);

  /** Returns the number of samples. */
  public int size() {
    return seriesIds.length;
  }
}
