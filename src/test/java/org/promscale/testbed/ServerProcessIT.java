package org.promscale.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.promscale.model.StaleMarker;

/** The testbed against real servers: what it measures with must itself be right. */
class ServerProcessIT {

  @Test
  void prometheusReturnsExactlyWhatASyntheticReplicaWrote() throws Exception {
    long startMs = System.currentTimeMillis();
    try (PrometheusServer receiver = PrometheusServer.startReceiver();
        SyntheticReplica replica =
            SyntheticReplica.start(
                SyntheticPlan.of(7, startMs).withShape(50, 3, 2), receiver::writeUri)) {
      Await.until(
          "30 acknowledged", Duration.ofSeconds(20), () -> replica.requestsAcknowledged() >= 30);
      replica.finish(Duration.ofSeconds(10));

      Set<SamplePoint> stored =
          new RemoteReadClient(receiver.readUri()).between(startMs, startMs + 3_600_000);

      assertThat(replica.requestsDropped()).isZero();
      SampleComparison.of(replica.acknowledged(), stored).assertEqual();
      assertThat(stored)
          .allMatch(
              point -> SyntheticPlan.authorOf(Double.longBitsToDouble(point.valueBits())) == 7);
    }
  }

  @Test
  void aReplicaRepeatsTheSameBytesWhileTheReceiverIsAway() throws Exception {
    long startMs = System.currentTimeMillis();
    try (PrometheusServer receiver = PrometheusServer.startReceiver();
        SyntheticReplica replica =
            SyntheticReplica.start(
                SyntheticPlan.of(1, startMs).withLongestBackoff(Duration.ofMillis(200)),
                receiver::writeUri)) {
      Await.until("some", Duration.ofSeconds(20), () -> replica.requestsAcknowledged() > 5);
      receiver.stop();
      Await.until("retries", Duration.ofSeconds(20), () -> replica.retries() > 3);
      receiver.start();
      long before = replica.requestsAcknowledged();
      Await.until(
          "more", Duration.ofSeconds(20), () -> replica.requestsAcknowledged() > before + 5);
      replica.finish(Duration.ofSeconds(10));

      Set<SamplePoint> stored =
          new RemoteReadClient(receiver.readUri()).between(startMs, startMs + 3_600_000);
      SampleComparison.of(replica.acknowledged(), stored).assertEqual();
    }
  }

  @Test
  void whatPrometheusReadsBackIsWhatItSendsWithExternalLabelsAndStaleMarkers() throws Exception {
    try (NodeExporter exporter = NodeExporter.startNew();
        PrometheusServer receiver = PrometheusServer.startReceiver();
        PrometheusServer sender =
            PrometheusServer.startNew(
                PrometheusConfig.empty()
                    .withExternalLabel("cluster", "one")
                    .withExternalLabel("job", "overridden by the series")
                    .withTarget("node", exporter.address())
                    .withRemoteWrite(receiver.writeUri())
                    .withQueue("batch_send_deadline", "500ms"))) {
      RemoteReadClient sent = new RemoteReadClient(sender.readUri());
      RemoteReadClient received = new RemoteReadClient(receiver.readUri());
      Await.until("samples", Duration.ofSeconds(30), () -> sent.between(0, now()).size() > 2_000);
      exporter.kill();
      Await.until(
          "stale markers",
          Duration.ofSeconds(30),
          () -> sent.between(0, now()).stream().anyMatch(SamplePoint::isStale));
      long untilMs = now();

      Await.until(
          "everything has arrived",
          Duration.ofSeconds(30),
          () -> compare(sent, received, untilMs).isEqual());

      SampleComparison comparison = compare(sent, received, untilMs);
      comparison.assertEqual();
      assertThat(comparison.expectedCount()).isGreaterThan(2_000);
      assertThat(sent.between(0, untilMs))
          .allMatch(point -> point.series().contains("cluster=\"one\""))
          .anyMatch(point -> point.valueBits() == StaleMarker.BITS);
    }
  }

  @Test
  void postgresqlComesBackAfterAKillAndKeepsEveryBit() throws Exception {
    try (PostgresServer postgres = PostgresServer.start(Map.of())) {
      String database = postgres.createDatabase();
      postgres.execute(
          database,
          "CREATE SCHEMA prom_data; CREATE SCHEMA _prom_catalog;"
              + " CREATE TABLE prom_data.sample(time timestamptz, series_id bigint, value float8);"
              + " CREATE TABLE _prom_catalog.series(id bigint, tenant_id int, labels jsonb);"
              + " INSERT INTO _prom_catalog.series VALUES (1, 0, '{\"__name__\":\"a\",\"b\":\"c\"}')");
      long bits = 0x7ff8000000000123L;
      try (var connection = postgres.connect(database);
          var insert =
              connection.prepareStatement(
                  "INSERT INTO prom_data.sample VALUES (to_timestamp(12.345), 1, ?)")) {
        insert.setDouble(1, Double.longBitsToDouble(bits));
        // From the first execution on in binary form: text has no payload.
        insert.unwrap(org.postgresql.PGStatement.class).setPrepareThreshold(-1);
        insert.execute();
      }
      postgres.freeze();
      postgres.unfreeze();
      postgres.kill();
      postgres.start();

      assertThat(new StoredSamples(postgres.dataSource(database)).all())
          .containsExactly(new SamplePoint("{__name__=\"a\",b=\"c\"}", 12_345, bits));
      assertThat(postgres.cpuSeconds()).isPositive();
    }
  }

  @Test
  void aLoadBalancerSpreadsRequestsOverTheReceiversThatAreReady() throws Exception {
    long startMs = System.currentTimeMillis();
    for (LoadBalancer.Balance balance : LoadBalancer.Balance.values()) {
      try (PrometheusServer one = PrometheusServer.startReceiver();
          PrometheusServer two = PrometheusServer.startReceiver();
          LoadBalancer balancer = LoadBalancer.startNew(balance, List.of(one.port(), two.port()));
          SyntheticReplica replica =
              SyntheticReplica.start(
                  SyntheticPlan.of(3, startMs).withLongestBackoff(Duration.ofMillis(200)),
                  balancer::writeUri)) {
        awaitAcknowledged(replica, 20);
        one.kill();
        awaitAcknowledged(replica, 20);
        replica.finish(Duration.ofSeconds(10));
        one.start();

        Set<SamplePoint> first = new RemoteReadClient(one.readUri()).between(0, startMs * 2);
        Set<SamplePoint> second = new RemoteReadClient(two.readUri()).between(0, startMs * 2);
        assertThat(first).as("%s", balance).isNotEmpty();
        assertThat(second).as("%s", balance).isNotEmpty();
      }
    }
  }

  private static void awaitAcknowledged(SyntheticReplica replica, int more) {
    long before = replica.requestsAcknowledged();
    Await.until(
        more + " acknowledged",
        Duration.ofSeconds(30),
        () -> replica.requestsAcknowledged() >= before + more);
  }

  private static SampleComparison compare(
      RemoteReadClient sent, RemoteReadClient received, long untilMs) throws IOException {
    return SampleComparison.of(sent.between(0, untilMs), received.between(0, untilMs));
  }

  private static long now() {
    return System.currentTimeMillis();
  }
}
