package org.promscale.metrics;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.promscale.ingest.IngestListener;
import org.promscale.ingest.RejectReason;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.WriteBatch;

/** Meters of requests. Thread-safe. */
public final class IngestMeters implements IngestListener {

  /** Replicas beyond these are counted together: a sender can make up any number of names. */
  private static final int MOST_REPLICAS = 1_000;

  private final Counter requests;
  private final Counter received;
  private final Counter rejected;
  private final Counter rejectedOfReplicas;
  private final Set<ReplicaIdentity> replicas = ConcurrentHashMap.newKeySet();
  private final Counter slowBodies;
  private final Counter cacheHits;
  private final Counter cacheMisses;
  private final Histogram duration;

  /** Registers the meters. */
  public IngestMeters(PrometheusRegistry registry) {
    requests =
        Counter.builder()
            .name("promscale_ingest_requests_total")
            .help("Write requests by HTTP status of the answer.")
            .labelNames("code")
            .register(registry);
    received =
        Counter.builder()
            .name("promscale_ingest_items_received_total")
            .help("Items that arrived in well-formed write requests, by kind.")
            .labelNames("kind")
            .register(registry);
    rejected =
        Counter.builder()
            .name("promscale_ingest_items_rejected_total")
            .help("Items refused for good, by reason; their senders dropped them.")
            .labelNames("reason")
            .register(registry);
    rejectedOfReplicas =
        Counter.builder()
            .name("promscale_ha_rejected_items_total")
            .help("Items refused for good because of their time, by the replica that sent them.")
            .labelNames("cluster", "replica")
            .register(registry);
    slowBodies =
        Counter.builder()
            .name("promscale_ingest_slow_bodies_total")
            .help("Bodies of write requests that came too slowly; their senders were told 503.")
            .register(registry);
    cacheHits =
        Counter.builder()
            .name("promscale_cache_series_hits_total")
            .help("Series of write requests whose id was in memory.")
            .register(registry);
    cacheMisses =
        Counter.builder()
            .name("promscale_cache_series_misses_total")
            .help("Series of write requests that the catalog had to be asked about.")
            .register(registry);
    duration =
        Histogram.builder()
            .name("promscale_ingest_duration_seconds")
            .help("Time from the first byte of a write request's body to its answer.")
            .classicUpperBounds(
                0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
            .register(registry);
    for (RejectReason reason : RejectReason.values()) {
      rejected.initLabelValues(reason.label());
    }
    for (String code : new String[] {"204", "400", "413", "415", "500", "503"}) {
      requests.initLabelValues(code);
    }
  }

  /** A request was answered with this status after this many nanoseconds. */
  public void answered(int status, long nanos) {
    requests.labelValues(Integer.toString(status)).inc();
    duration.observe(nanos / 1e9);
  }

  /** A body came too slowly and was given up. */
  public void slowBody() {
    slowBodies.inc();
  }

  @Override
  public void received(WriteBatch batch) {
    count("sample", batch.samples().size());
    count("histogram", batch.histograms().size());
    count("exemplar", batch.exemplars().size());
    count("metadata", batch.metadata().size());
    cacheHits.inc(batch.series().size() - (double) batch.series().unknownCount());
    cacheMisses.inc(batch.series().unknownCount());
  }

  private void count(String kind, int items) {
    if (items > 0) {
      received.labelValues(kind).inc(items);
    }
  }

  @Override
  public void rejected(RejectReason reason, long items) {
    rejected.labelValues(reason.label()).inc(items);
  }

  @Override
  public void rejectedOf(ReplicaIdentity sender, long items) {
    boolean own = replicas.contains(sender) || replicas.size() < MOST_REPLICAS;
    if (own) {
      replicas.add(sender);
    }
    rejectedOfReplicas
        .labelValues(own ? sender.cluster() : "", own ? sender.replica() : "")
        .inc(items);
  }
}
