package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.HttpProbe;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.RemoteWriteClient.Answer;
import org.promscale.testbed.SampleComparison;
import org.promscale.testbed.StoredSamples;
import org.promscale.testbed.SyntheticPlan;
import org.promscale.testbed.SyntheticReplica;
import org.promscale.testbed.WireLabels;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/** A connector without its database: it says so quickly, loses nothing and recovers by itself. */
class OutageIT {

  private static final Duration ONE_SECOND = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private PostgresServer postgres;
  private String database;
  private ConnectorProcess connector;
  private SyntheticReplica sender;

  @BeforeEach
  void start() {
    postgres = PostgresServer.start(Map.of());
    database = postgres.createDatabase();
    connector = ConnectorProcess.start(postgres, database);
    sender =
        SyntheticReplica.start(
            SyntheticPlan.of(1, System.currentTimeMillis())
                .withLongestBackoff(Duration.ofMillis(500)),
            connector::writeUri);
    Await.until("samples flow", PATIENCE, () -> sender.requestsAcknowledged() > 20);
  }

  @AfterEach
  void stop() {
    sender.close();
    connector.close();
    postgres.close();
  }

  @Test
  void aStoppedDatabaseIsAnsweredWith503AndNothingIsLost() throws Exception {
    long pid = connector.pid();
    postgres.stop();
    Await.until("not ready", Duration.ofSeconds(20), () -> status("/-/ready") == 503);

    assertPagesAnswer();
    long sent = System.nanoTime();
    Answer answer = new RemoteWriteClient().write(connector.writeUri(), oneSample());
    assertThat(answer.status()).as(answer.body()).isEqualTo(503);
    assertThat(answer.retryAfter()).isNotEmpty();
    assertThat(Duration.ofNanos(System.nanoTime() - sent)).isLessThan(Duration.ofSeconds(5));

    postgres.start();
    assertRecovered(pid);
  }

  @Test
  void aFrozenDatabaseLeavesThePagesAnswering() throws Exception {
    long pid = connector.pid();
    postgres.freeze();
    Await.until("not ready", Duration.ofSeconds(30), () -> status("/-/ready") == 503);

    assertPagesAnswer();
    long acknowledged = sender.requestsAcknowledged();
    postgres.unfreeze();
    assertRecovered(pid);
    assertThat(sender.requestsAcknowledged()).isGreaterThan(acknowledged);
  }

  private void assertPagesAnswer() throws Exception {
    assertThat(status("/-/healthy")).isEqualTo(200);
    assertThat(status("/-/ready")).isEqualTo(503);
    assertThat(status("/metrics")).isEqualTo(200);
    assertThat(status("/")).isEqualTo(200);
  }

  private void assertRecovered(long pid) throws Exception {
    Await.until("ready again", PATIENCE, () -> status("/-/ready") == 200);
    long before = sender.requestsAcknowledged();
    Await.until("samples flow again", PATIENCE, () -> sender.requestsAcknowledged() > before + 20);
    sender.finish(PATIENCE);

    assertThat(connector.isAlive()).isTrue();
    assertThat(connector.pid()).isEqualTo(pid);
    assertThat(sender.requestsDropped()).as(sender.lastDrop()).isZero();
    SampleComparison comparison =
        SampleComparison.of(
            sender.acknowledged(), new StoredSamples(postgres.dataSource(database)).all());
    System.out.println("OutageIT: " + comparison);
    comparison.assertNothingMissing();
  }

  private int status(String path) throws Exception {
    HttpResponse<String> response = HttpProbe.get(connector.uri(path), ONE_SECOND);
    return response.statusCode();
  }

  private static WriteRequest oneSample() {
    return WireLabels.request(
        Map.of("__name__", "during_the_outage"), System.currentTimeMillis(), 1);
  }
}
