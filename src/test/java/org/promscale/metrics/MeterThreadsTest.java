package org.promscale.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import org.junit.jupiter.api.Test;

/** Meters count on the thread that calls them: a thread of theirs would outlive a redeployment. */
class MeterThreadsTest {

  @Test
  void countingStartsNoThread() {
    IngestMeters meters = new IngestMeters(new PrometheusRegistry());
    meters.answered(204, 1_000_000);
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .noneMatch(name -> name.startsWith("prometheus-metrics"));
  }
}
