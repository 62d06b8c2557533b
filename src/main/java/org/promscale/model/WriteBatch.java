package org.promscale.model;

import java.util.List;

/**
 * What one request, or the part of it that shares a verdict, asks to be stored. Ownership passes on
 * with the batch: who hands it over never touches it again.
 *
 * @param tenant whose data it is
 * @param identities the senders that {@link SeriesTable#identity} refers to; empty where high
 *     availability is off
 * @param series the series its rows refer to
 * @param samples float samples
 * @param histograms native histograms
 * @param exemplars exemplars
 * @param metadata metadata of metric families
 */
public record WriteBatch(
    int tenant,
    List<ReplicaIdentity> identities,
    SeriesTable series,
    Samples samples,
    List<HistogramSample> histograms,
    List<Exemplar> exemplars,
    List<MetricMetadata> metadata) {

  /** The tenant of requests that name none. */
  public static final int DEFAULT_TENANT = 0;

  /** Returns a batch of nothing, for what is only kept along with it. */
  public static WriteBatch empty(int tenant) {
    return new WriteBatch(
        tenant, List.of(), new SeriesTable(0), new Samples(0), List.of(), List.of(), List.of());
  }

  /** Tells whether there is nothing to store. */
  public boolean isEmpty() {
    return samples.size() == 0 && histograms.isEmpty() && exemplars.isEmpty() && metadata.isEmpty();
  }

  /** Returns the number of samples, histograms, exemplars and metadata entries. */
  public long itemCount() {
    return (long) samples.size() + histograms.size() + exemplars.size() + metadata.size();
  }
}
