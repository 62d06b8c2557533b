package org.promscale.metrics;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.promscale.ingest.MaintenanceListener;
import org.promscale.ingest.MaintenanceStatus;

/** Meters of maintenance: what this connector did, and how it stands in the database. */
public final class MaintenanceMeters implements MaintenanceListener {

  private static final List<String> REMOVED =
      List.of("partitions", "rows", "series", "metrics", "labels");
  private static final String CHUNKS = "chunks";

  private final PrometheusRegistry registry;
  private final Counter runs;
  private final Counter removed;
  private final Counter compressed;
  private volatile MaintenanceStatus status = MaintenanceStatus.UNKNOWN;

  /** Registers the meters. */
  public MaintenanceMeters(PrometheusRegistry registry) {
    this.registry = registry;
    runs =
        Counter.builder()
            .name("promscale_maintenance_runs_total")
            .help("Runs of maintenance that ended on this connector; trouble: a step failed.")
            .labelNames("result")
            .register(registry);
    runs.initLabelValues("ok");
    runs.initLabelValues("trouble");
    removed =
        Counter.builder()
            .name("promscale_maintenance_removed_total")
            .help("What maintenance on this connector removed, rows of samples and so on.")
            .labelNames("what")
            .register(registry);
    REMOVED.forEach(removed::initLabelValues);
    compressed =
        Counter.builder()
            .name("promscale_maintenance_compressed_chunks_total")
            .help("Chunks that maintenance on this connector compressed.")
            .register(registry);
    gauge(
        "promscale_maintenance_last_end_timestamp_seconds",
        "When a run last ended, on whichever connector; seconds since 1970, by the database's clock.",
        MaintenanceStatus::lastEnd);
    gauge(
        "promscale_maintenance_blocked",
        "Whether sessions keep a partition from being dropped; prom_info.maintenance names them.",
        s -> s.blocked() ? 1 : 0);
    gauge(
        "promscale_maintenance_doomed_series",
        "Deleted series whose samples are still to be deleted.",
        MaintenanceStatus::doomedSeries);
    gauge(
        "promscale_retention_seconds",
        "The longest retention; older samples are refused and dropped. +Inf: kept for ever.",
        MaintenanceStatus::retentionSeconds);
  }

  private void gauge(String name, String help, ToDoubleFunction<MaintenanceStatus> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(callback -> callback.call(value.applyAsDouble(status)))
        .register(registry);
  }

  @Override
  public void did(String what, long count) {
    if (what.equals(CHUNKS)) {
      compressed.inc(count);
    } else {
      removed.labelValues(what).inc(count);
    }
  }

  @Override
  public void ended(boolean well) {
    runs.labelValues(well ? "ok" : "trouble").inc();
  }

  @Override
  public void seen(MaintenanceStatus now) {
    status = now;
  }
}
