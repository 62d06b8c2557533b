package org.promscale.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import org.junit.jupiter.api.Test;

/** What is counted of requests. */
class IngestMetersTest {

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final IngestMeters meters = new IngestMeters(registry);

  @Test
  void slowBodiesAreCountedFromZero() {
    assertThat(value("promscale_ingest_slow_bodies")).isZero();
    meters.slowBody();
    meters.slowBody();
    assertThat(value("promscale_ingest_slow_bodies")).isEqualTo(2);
  }

  private double value(String counter) {
    CounterSnapshot snapshot =
        registry.scrape(counter::equals).stream()
            .map(CounterSnapshot.class::cast)
            .findFirst()
            .orElseThrow();
    return snapshot.getDataPoints().get(0).getValue();
  }
}
