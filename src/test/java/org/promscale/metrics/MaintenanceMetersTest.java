package org.promscale.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ingest.MaintenanceStatus;
import org.promscale.testbed.MetricsLint;

/** The meters of maintenance, and what docs/database.md says of them. */
class MaintenanceMetersTest {

  private static final Pattern METER = Pattern.compile("promscale_(maintenance|retention)_[a-z_]+");

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final MaintenanceMeters meters = new MaintenanceMeters(registry);

  private static String guide() throws IOException {
    return Files.readString(Path.of(System.getProperty("basedir", ""), "docs", "database.md"));
  }

  private String page() throws IOException {
    ByteArrayOutputStream page = new ByteArrayOutputStream();
    new Exposition(registry).write(null, page);
    return page.toString(StandardCharsets.UTF_8);
  }

  @Test
  @DisplayName("The page tells what was done and how it stands")
  void tells() throws IOException {
    meters.did("partitions", 4);
    meters.did("chunks", 2);
    meters.ended(true);
    meters.ended(false);
    meters.seen(new MaintenanceStatus(1_795_000_000.5, true, 7, Double.POSITIVE_INFINITY));
    assertThat(page().lines())
        .contains(
            "promscale_maintenance_removed_total{what=\"partitions\"} 4.0",
            "promscale_maintenance_removed_total{what=\"series\"} 0.0",
            "promscale_maintenance_compressed_chunks_total 2.0",
            "promscale_maintenance_runs_total{result=\"ok\"} 1.0",
            "promscale_maintenance_runs_total{result=\"trouble\"} 1.0",
            "promscale_maintenance_last_end_timestamp_seconds 1.7950000005E9",
            "promscale_maintenance_blocked 1.0",
            "promscale_maintenance_doomed_series 7.0",
            "promscale_retention_seconds +Inf");
  }

  @Test
  @DisplayName("Before the database was asked nobody is alarmed, and no retention is claimed")
  void unknown() throws IOException {
    assertThat(page().lines())
        .contains(
            "promscale_maintenance_blocked 0.0",
            "promscale_retention_seconds NaN",
            "promscale_maintenance_last_end_timestamp_seconds NaN");
  }

  @Test
  @DisplayName("The guide names every meter and no other, and Prometheus takes its rules")
  void guideNamesEveryMeter() throws Exception {
    Set<String> named = new TreeSet<>();
    for (Matcher meter = METER.matcher(guide()); meter.find(); ) {
      named.add(meter.group());
    }
    Set<String> there =
        registry.scrape().stream()
            .map(
                m ->
                    m.getMetadata().getPrometheusName()
                        + (m instanceof CounterSnapshot ? "_total" : ""))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(named).isEqualTo(there);
    int start = guide().indexOf("groups:\n  - name: promscale-maintenance");
    String rules = guide().substring(start, guide().indexOf("```", start));
    assertThat(MetricsLint.checkRules(rules)).endsWith("SUCCESS: 2 rules found");
  }
}
