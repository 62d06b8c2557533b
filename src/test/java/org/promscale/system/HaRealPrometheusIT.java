package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.MetricsPage;
import org.promscale.testbed.NodeExporter;
import org.promscale.testbed.PrometheusConfig;
import org.promscale.testbed.PrometheusServer;
import org.promscale.testbed.RealClients;
import org.promscale.testbed.RemoteReadClient;
import org.promscale.testbed.SamplePoint;
import org.promscale.testbed.StoredSamples;

/**
 * Two of Debian's Prometheus as a pair behind a load balancer over two connectors; the leader is
 * killed. Who sent a sample is known by its time: the survivor remembers all of its own, and two
 * servers scrape in different phases.
 */
class HaRealPrometheusIT {

  private static final String CLUSTER = "real";
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final long SCRAPE_MS = 1_000;
  private static final long SETTLED_MS = 15_000;

  @BeforeAll
  static void askForRealClients() {
    RealClients.require();
  }

  @Test
  void theStandbyTakesOverWithoutAHole() throws Exception {
    try (HaStand stand = new HaStand(2, "15s");
        NodeExporter exporter = NodeExporter.startNew();
        PrometheusServer first = prometheus(stand, exporter, "prometheus-a")) {
      awaitLeader(stand, "prometheus-a");
      try (PrometheusServer second = prometheus(stand, exporter, "prometheus-b")) {
        // Told "covered" once, the standby lags as it will for ever.
        Await.until(
            "the standby is answered",
            PATIENCE,
            () ->
                MetricsPage.of(second.uri("/metrics"))
                        .sum(
                            "prometheus_remote_storage_queue_highest_sent_timestamp_seconds",
                            Map.of())
                    > 0);
        assertNothingDropped(first);
        long killedMs = System.currentTimeMillis();
        first.kill();
        awaitLeader(stand, "prometheus-b");
        StoredSamples stored = new StoredSamples(stand.dataSource());
        awaitStored(stored, SETTLED_MS);

        assertNothingDropped(second);
        check(stand, stored.all(), ownOf(second), killedMs);
      }
    }
  }

  private static PrometheusServer prometheus(HaStand stand, NodeExporter exporter, String replica) {
    return PrometheusServer.startNew(
        PrometheusConfig.empty()
            .withScrapeInterval(Duration.ofMillis(SCRAPE_MS))
            .withExternalLabel("cluster", CLUSTER)
            .withExternalLabel("__replica__", replica)
            .withTarget("prometheus", PrometheusConfig.ITSELF)
            .withTarget("node", exporter.address())
            .withRemoteWrite(stand.balancer().writeUri())
            .withQueue("batch_send_deadline", "1s"));
  }

  private static void awaitLeader(HaStand stand, String replica) {
    Await.until(replica + " leads", PATIENCE, () -> stand.watch().allName(CLUSTER, replica));
  }

  private static void awaitStored(StoredSamples stored, long moreMs) {
    long untilMs = System.currentTimeMillis() + moreMs;
    Await.until("later samples", PATIENCE, () -> stored.newestMs() >= untilMs);
  }

  private static void assertNothingDropped(PrometheusServer server) throws Exception {
    MetricsPage page = MetricsPage.of(server.uri("/metrics"));
    for (String metric :
        List.of(
            "prometheus_remote_storage_samples_dropped_total",
            "prometheus_remote_storage_samples_failed_total")) {
      assertThat(page.find(metric, Map.of())).as(metric).isNotEmpty();
      assertThat(page.sum(metric, Map.of())).as(metric).isZero();
    }
  }

  /** Returns what a server has scraped, with the labels under which it is stored. */
  private static Set<SamplePoint> ownOf(PrometheusServer server) throws Exception {
    return new RemoteReadClient(server.readUri())
        .between(0, System.currentTimeMillis() + 3_600_000).stream()
            .map(
                point ->
                    new SamplePoint(
                        point.series().replaceFirst("__replica__=\"[^\"]*\",?", ""),
                        point.timestampMs(),
                        point.valueBits()))
            .collect(Collectors.toSet());
  }

  private static void check(
      HaStand stand, Set<SamplePoint> stored, Set<SamplePoint> ofSecond, long killedMs)
      throws Exception {
    assertThat(
            Rows.of(
                stand.dataSource(),
                "SELECT count(*) FROM _prom_catalog.series WHERE jsonb_exists(labels, '__replica__')"
                    + " OR labels->>'cluster' IS DISTINCT FROM '"
                    + CLUSTER
                    + "'"))
        .as("series with a replica or of no cluster")
        .containsExactly("0");
    long endMs = stored.stream().mapToLong(SamplePoint::timestampMs).max().orElseThrow();
    int judged = 0;
    List<String> holes = new ArrayList<>();
    List<String> mixed = new ArrayList<>();
    for (Map.Entry<String, List<SamplePoint>> series : nodeSeries(stored).entrySet()) {
      List<SamplePoint> samples = series.getValue();
      // A series that came, went or ended may miss scrapes for reasons of its own.
      if (samples.stream().anyMatch(SamplePoint::isStale)
          || samples.get(0).timestampMs() > killedMs - 5_000
          || samples.get(samples.size() - 1).timestampMs() < endMs - 5_000) {
        continue;
      }
      judged++;
      int changes = authorChanges(samples, ofSecond);
      for (int i = 1; i < samples.size(); i++) {
        SamplePoint before = samples.get(i - 1);
        SamplePoint after = samples.get(i);
        if (after.timestampMs() - before.timestampMs() >= 2 * SCRAPE_MS) {
          holes.add(before + " -> " + after);
        }
      }
      if (changes != 1 || ofSecond.contains(samples.get(0))) {
        mixed.add(
            changes
                + " changes of author in "
                + series.getKey()
                + authors(samples, ofSecond, killedMs));
      }
    }
    System.out.println(
        "HaRealPrometheusIT: "
            + stored.size()
            + " samples, "
            + judged
            + " series of the exporter over the takeover, "
            + holes.size()
            + " holes");
    assertThat(judged).as("series that lived through the takeover").isGreaterThan(300);
    assertThat(holes).as("neighbours two scrapes apart").isEmpty();
    assertThat(mixed).as("series that do not read A…AB…B").isEmpty();
  }

  /**
   * Returns how often the author changes, but for scrapes that the first one missed shortly before
   * its end and the second one filled: there its neighbours are more than 1.5 scrapes apart.
   */
  private static int authorChanges(List<SamplePoint> samples, Set<SamplePoint> ofSecond) {
    int changes = 0;
    long lastOfFirstMs = 0;
    boolean second = ofSecond.contains(samples.get(0));
    for (SamplePoint sample : samples) {
      boolean isSecond = ofSecond.contains(sample);
      if (isSecond != second) {
        boolean filled = !isSecond && 2 * (sample.timestampMs() - lastOfFirstMs) > 3 * SCRAPE_MS;
        changes += filled ? -1 : 1;
        second = isSecond;
      }
      if (!isSecond) {
        lastOfFirstMs = sample.timestampMs();
      }
    }
    return changes;
  }

  /** Returns the samples around the kill: their seconds since then, and whose they are. */
  private static String authors(
      List<SamplePoint> samples, Set<SamplePoint> ofSecond, long killedMs) {
    return samples.stream()
        .map(
            point ->
                String.format(
                    " %.3f%s",
                    (point.timestampMs() - killedMs) / 1e3, ofSecond.contains(point) ? "b" : "a"))
        .collect(Collectors.joining());
  }

  private static Map<String, List<SamplePoint>> nodeSeries(Set<SamplePoint> stored) {
    return stored.stream()
        .filter(point -> point.series().contains(",job=\"node\""))
        .sorted()
        .collect(Collectors.groupingBy(SamplePoint::series, TreeMap::new, Collectors.toList()));
  }
}
