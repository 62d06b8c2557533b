package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.NodeExporter;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.PrometheusConfig;
import org.promscale.testbed.PrometheusServer;
import org.promscale.testbed.RealClients;
import org.promscale.testbed.RemoteReadClient;
import org.promscale.testbed.SampleComparison;
import org.promscale.testbed.SamplePoint;
import org.promscale.testbed.StoredSamples;

/** Debian's Prometheus writes to the packaged jar: SQL has exactly what Prometheus has. */
class RealPrometheusIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @BeforeAll
  static void askForRealClients() {
    RealClients.require();
  }

  @Test
  void everySampleOfPrometheusIsInSqlBitForBit() throws Exception {
    try (PostgresServer postgres = PostgresServer.start(Map.of())) {
      String database = postgres.createDatabase();
      try (ConnectorProcess connector = ConnectorProcess.start(postgres, database);
          NodeExporter exporter = NodeExporter.startNew()) {
        PrometheusConfig configuration =
            PrometheusConfig.empty()
                .withExternalLabel("cluster", "one")
                // A series has its own job: the external label must not replace it.
                .withExternalLabel("job", "of-no-target")
                .withTarget("prometheus", PrometheusConfig.ITSELF)
                .withTarget("node", exporter.address())
                .withRemoteWrite(connector.writeUri())
                .withQueue("batch_send_deadline", "1s");
        try (PrometheusServer prometheus = PrometheusServer.startNew(configuration)) {
          RemoteReadClient sent = new RemoteReadClient(prometheus.readUri());
          StoredSamples stored = new StoredSamples(postgres.dataSource(database));

          awaitStored(stored, 15);
          exporter.kill();
          awaitStored(stored, 8);
          exporter.start();
          awaitStored(stored, 15);
          prometheus.removeTarget("node");
          // Prometheus gathers changes of targets for 5 s and waits two scrapes for a last sample.
          awaitStored(stored, 15);
          long untilMs = System.currentTimeMillis();

          Await.until(
              "SQL and Prometheus agree", PATIENCE, () -> compare(sent, stored, untilMs).isEqual());

          Set<SamplePoint> all = sent.between(0, untilMs);
          SampleComparison comparison = compare(sent, stored, untilMs);
          long stale = all.stream().filter(SamplePoint::isStale).count();
          System.out.println(
              "RealPrometheusIT: Prometheus has "
                  + comparison.expectedCount()
                  + " samples, SQL has "
                  + comparison.actualCount()
                  + ", stale markers among them "
                  + stale);
          comparison.assertEqual();
          assertThat(endedTogether(all))
              .as("a failed scrape and a removed target both end the exporter's series")
              .isGreaterThanOrEqualTo(2);
          assertThat(all).as("samples").hasSizeGreaterThan(20_000);
          assertThat(all).allMatch(point -> point.series().contains("cluster=\"one\""));
        }
      }
    }
  }

  private static SampleComparison compare(RemoteReadClient sent, StoredSamples stored, long untilMs)
      throws Exception {
    return SampleComparison.of(sent.between(0, untilMs), stored.between(0, untilMs));
  }

  /** Returns the number of instants at which hundreds of series ended. */
  private static long endedTogether(Set<SamplePoint> samples) {
    return samples.stream()
        .filter(SamplePoint::isStale)
        .collect(Collectors.groupingBy(SamplePoint::timestampMs, Collectors.counting()))
        .values()
        .stream()
        .filter(count -> count > 300)
        .count();
  }

  /** Waits until samples that are this many seconds younger than now are stored. */
  private static void awaitStored(StoredSamples stored, int seconds) {
    long untilMs = System.currentTimeMillis() + seconds * 1000L;
    Await.until(seconds + " s of samples", PATIENCE, () -> stored.newestMs() >= untilMs);
  }
}
