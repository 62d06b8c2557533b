package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.ApplicationServer;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.HaEvidence;
import org.promscale.testbed.HaReplica;
import org.promscale.testbed.HaStatus;
import org.promscale.testbed.LeaderWatch;
import org.promscale.testbed.LoadBalancer;
import org.promscale.testbed.MetricsPage;
import org.promscale.testbed.OperatorGuide;
import org.promscale.testbed.PayaraServer;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.SyntheticPlan;
import org.promscale.testbed.WildFlyServer;

/** One database, three connectors: on WildFly, on Payara Server and as the uber-jar. */
@Tag("long")
class MixedServersIT {

  private static final String CLUSTER = "mixed";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void theyAgreeOnTheLeaderAndLoseNothing() throws Exception {
    try (PostgresServer postgres = OperatorGuide.startDatabase(Map.of())) {
      try (ApplicationServer wildfly = WildFlyServer.start(postgres);
          ApplicationServer payara = PayaraServer.start(postgres);
          ConnectorProcess jar = uberJar(postgres)) {
        wildfly.deploy();
        payara.deploy();
        List<URI> roots = List.of(wildfly.uri(""), payara.uri(""), jar.uri(""));
        for (URI root : roots) {
          Await.until(
              root + " is ready",
              PATIENCE,
              () -> MetricsPage.of(page(root, "/metrics")).sum("promscale_ready", Map.of()) == 1);
        }
        takeOver(postgres, roots);
      }
    }
  }

  private static void takeOver(PostgresServer postgres, List<URI> roots) throws Exception {
    long startMs = System.currentTimeMillis();
    try (LoadBalancer balancer =
            LoadBalancer.startNew(
                LoadBalancer.Balance.PER_REQUEST, roots.stream().map(URI::getPort).toList());
        LeaderWatch watch =
            LeaderWatch.start(roots.stream().map(root -> page(root, HaStatus.PATH)).toList());
        HaReplica first = replica("a", 1, startMs, balancer);
        HaReplica second = replica("b", 2, startMs + 430, balancer)) {
      first.start();
      Await.until("a leads", PATIENCE, () -> watch.allName(CLUSTER, "a"));
      second.start();
      HaPair.awaitDelivered(second);
      HaPair.awaitDelivered(first);

      first.kill();
      Await.until("b leads on all three", PATIENCE, () -> watch.allName(CLUSTER, "b"));
      HaPair.awaitOutlived(second);
      second.finish(PATIENCE);

      for (URI root : roots) {
        MetricsPage metrics = MetricsPage.of(page(root, "/metrics"));
        assertThat(metrics.sum("promscale_ingest_items_received_total", Map.of()))
            .as("items that %s has received", root)
            .isPositive();
      }
      HaEvidence evidence =
          HaEvidence.of(
              postgres.dataSource(DeploymentScenario.DATABASE),
              CLUSTER,
              HaPair.STEP_MS,
              List.of(first, second));
      System.out.printf(
          "MixedServersIT: %s, largest distance %s, disagreement %s%n",
          evidence, evidence.largestDistance(), watch.disagreement(CLUSTER, 2));
      evidence.assertInvariants();
      assertThat(evidence.history().terms()).hasSize(2);
      assertThat(evidence.largestDistanceMs()).isLessThan(2 * HaPair.STEP_MS);
      assertThat(Stream.of(first, second).mapToLong(HaReplica::requestsDropped).sum())
          .as(first.lastDrop() + second.lastDrop())
          .isZero();
    }
  }

  private static ConnectorProcess uberJar(PostgresServer postgres) {
    return ConnectorProcess.startWith(
        List.of(),
        List.of(
            "-db.uri",
            "postgres://promscale:secret@127.0.0.1:"
                + postgres.port()
                + "/"
                + DeploymentScenario.DATABASE
                + "?sslmode=disable",
            "-metrics.high-availability",
            "-metrics.high-availability.leader-timeout=5s",
            "-metrics.high-availability.missing-labels=accept"));
  }

  private static HaReplica replica(String name, int author, long startMs, LoadBalancer balancer) {
    return new HaReplica(
        SyntheticPlan.ofReplica(CLUSTER, name, author, startMs), balancer::writeUri);
  }

  private static URI page(URI root, String path) {
    return URI.create(root + path);
  }
}
