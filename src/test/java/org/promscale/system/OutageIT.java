package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.HttpProbe;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.RemoteWriteClient.Answer;
import org.promscale.testbed.WireLabels;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/** A connector without its database: it says so quickly, loses nothing and recovers by itself. */
class OutageIT {

  private static final Duration ONE_SECOND = Duration.ofSeconds(1);

  private PostgresServer postgres;
  private String database;
  private SteadyLoad load;

  @BeforeEach
  void start() {
    postgres = PostgresServer.start(Map.of());
    database = postgres.createDatabase();
    load = new SteadyLoad(postgres.uri(database));
  }

  @AfterEach
  void stop() {
    load.close();
    postgres.close();
  }

  @Test
  void aStoppedDatabaseIsAnsweredWith503AndNothingIsLost() throws Exception {
    postgres.stop();
    Await.until("not ready", Duration.ofSeconds(20), () -> status("/-/ready") == 503);

    assertPagesAnswer();
    long sent = System.nanoTime();
    Answer answer = new RemoteWriteClient().write(load.connector().writeUri(), oneSample());
    assertThat(answer.status()).as(answer.body()).isEqualTo(503);
    assertThat(answer.retryAfter()).isNotEmpty();
    assertThat(Duration.ofNanos(System.nanoTime() - sent)).isLessThan(Duration.ofSeconds(5));

    postgres.start();
    load.assertRecovered("OutageIT", postgres.dataSource(database));
  }

  @Test
  void aFrozenDatabaseLeavesThePagesAnswering() throws Exception {
    postgres.freeze();
    Await.until("not ready", Duration.ofSeconds(30), () -> status("/-/ready") == 503);

    assertPagesAnswer();
    long acknowledged = load.sender().requestsAcknowledged();
    postgres.unfreeze();
    load.assertRecovered("OutageIT", postgres.dataSource(database));
    assertThat(load.sender().requestsAcknowledged()).isGreaterThan(acknowledged);
  }

  private void assertPagesAnswer() throws Exception {
    assertThat(status("/-/healthy")).isEqualTo(200);
    assertThat(status("/-/ready")).isEqualTo(503);
    assertThat(status("/metrics")).isEqualTo(200);
    assertThat(status("/")).isEqualTo(200);
  }

  private int status(String path) throws Exception {
    HttpResponse<String> response = HttpProbe.get(load.connector().uri(path), ONE_SECOND);
    return response.statusCode();
  }

  private static WriteRequest oneSample() {
    return WireLabels.request(
        Map.of("__name__", "during_the_outage"), System.currentTimeMillis(), 1);
  }
}
