package org.promscale.load;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is sent.
 *
 * @param templates the series of one machine
 * @param series number of series, of as many machines as it takes
 * @param samplesPerRequest samples in one request
 * @param shards connections; each owns some series and has one request in flight
 * @param startMs sample time of the first round
 * @param stepMs sample time between two samples of a series
 */
record LoadShape(
    SeriesTemplates templates,
    int series,
    int samplesPerRequest,
    int shards,
    long startMs,
    long stepMs) {

  /** Samples in a request of Prometheus's default configuration. */
  static final int SAMPLES_PER_REQUEST = 2_000;

  static final int SHARDS = 8;
  static final int SERIES = 20_000;
  static final long STEP_MS = 10_000;

  /** The usual load, of these series of one machine. */
  static LoadShape usual(List<ExporterSeries> machine, long startMs) {
    return new LoadShape(
        new SeriesTemplates(machine, Map.of("job", "node")),
        SERIES,
        SAMPLES_PER_REQUEST,
        SHARDS,
        startMs,
        STEP_MS);
  }

  /** The labels of a member of a cluster of replicas. */
  static Map<String, String> labels(String cluster, String replica) {
    Map<String, String> labels = new TreeMap<>(Map.of("job", "node"));
    if (!cluster.isEmpty()) {
      labels.put("cluster", cluster);
    }
    if (!replica.isEmpty()) {
      labels.put("__replica__", replica);
    }
    return labels;
  }

  LoadShape withTemplates(SeriesTemplates others) {
    return new LoadShape(others, series, samplesPerRequest, shards, startMs, stepMs);
  }

  LoadShape withSeries(int number, long newStepMs) {
    return new LoadShape(templates, number, samplesPerRequest, shards, startMs, newStepMs);
  }

  LoadShape withShards(int number) {
    return new LoadShape(templates, series, samplesPerRequest, number, startMs, stepMs);
  }

  /** The same series in requests of this size, from this sample time on. */
  LoadShape withRequests(int samples, long newStartMs) {
    return new LoadShape(templates, series, samples, shards, newStartMs, stepMs);
  }
}
