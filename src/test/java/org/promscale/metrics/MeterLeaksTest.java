package org.promscale.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import org.junit.jupiter.api.Test;

/** Meters leave nothing in the JVM that would outlive a redeployment. */
class MeterLeaksTest {

  @Test
  void countingStartsNoThread() {
    IngestMeters meters = new IngestMeters(new PrometheusRegistry());
    meters.answered(204, 1_000_000);
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .noneMatch(name -> name.startsWith("prometheus-metrics"));
  }

  @Test
  void theJvmsMetersListenToNothing() {
    PrometheusRegistry registry = new PrometheusRegistry();
    JvmMeters.register(registry);
    assertThat(registry.scrape().stream().map(MetricSnapshot::getMetadata))
        .extracting(metadata -> metadata.getPrometheusName())
        .contains("jvm_memory_used_bytes", "jvm_gc_collection_seconds", "process_cpu_seconds")
        .doesNotContain("jvm_memory_pool_allocated_bytes");
  }
}
