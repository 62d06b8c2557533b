package org.promscale.boot;

import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import org.promscale.health.ConnectorHealth;
import org.promscale.http.ConnectorInfo;
import org.promscale.ingest.Admission;
import org.promscale.metrics.StorageMeters;
import org.promscale.storage.SeriesCache;
import org.promscale.storage.WriteQueues;
import org.promscale.wire.ArrivingBodies;

/** Metrics that are read from the parts at each scrape. */
final class Gauges {

  private final StorageMeters meters;
  private final PrometheusRegistry registry;

  Gauges(StorageMeters meters, PrometheusRegistry registry) {
    this.meters = meters;
    this.registry = registry;
  }

  void register(
      ConnectorInfo info,
      ConnectorHealth health,
      SeriesCache cache,
      WriteQueues queues,
      ArrivingBodies bodies,
      Admission admission) {
    Info.builder()
        .name("promscale_build_info")
        .help("Version of this connector; always 1.")
        .labelNames("version")
        .register(registry)
        .addLabelValues(info.version());
    meters.gauge(
        "promscale_ready",
        "Whether /-/ready answers 200.",
        () -> health.trouble().isEmpty() ? 1 : 0);
    meters.gauge(
        "promscale_database_up",
        "Whether the database answered when it was last asked.",
        () -> health.isDatabaseUp() ? 1 : 0);
    meters.gauge("promscale_cache_series_entries", "Series whose ids are in memory.", cache::size);
    meters.gauge(
        "promscale_ingest_queue_bytes",
        "Decoded bytes of requests that wait for a writer.",
        queues::queuedBytes);
    meters.gauge(
        "promscale_ingest_queue_requests",
        "Requests that wait for a writer.",
        queues::queuedRequests);
    meters.gauge(
        "promscale_ingest_arriving_bodies",
        "Bodies of write requests on their way.",
        bodies::count);
    meters.gauge(
        "promscale_ingest_arriving_bytes",
        "Memory for bodies of write requests on their way.",
        bodies::bytes);
    meters.gauge(
        "promscale_ingest_active_write_requests",
        "Write requests being worked on.",
        admission::writesInside);
    meters.gauge(
        "promscale_ingest_active_write_bytes",
        "Decoded bytes of the write requests being worked on.",
        admission::bytesInside);
  }
}
