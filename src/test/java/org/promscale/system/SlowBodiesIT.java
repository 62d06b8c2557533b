package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.MetricsPage;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.WireLabels;

/**
 * More bodies on their way than there are request threads and places for writes: nobody has to wait
 * for them, and they are ended in time.
 */
class SlowBodiesIT {

  private static final int EACH = 150;
  private static final Duration QUICKLY = Duration.ofSeconds(5);

  /** Ten seconds of grace, and a busy machine. */
  private static final Duration ENDED = Duration.ofSeconds(25);

  private static PostgresServer postgres;
  private static ConnectorProcess connector;

  @BeforeAll
  static void start() {
    postgres = PostgresServer.start(Map.of());
    connector = ConnectorProcess.start(postgres, postgres.createDatabase());
  }

  @AfterAll
  static void stop() {
    connector.close();
    postgres.close();
  }

  @Test
  void nobodyWaitsForBodiesThatTrickleOrStop() throws Exception {
    URI server = connector.uri("/");
    byte[] chunk = "5\r\nhello\r\n".getBytes(StandardCharsets.US_ASCII);
    try (Crowd declared =
            Crowd.trickling(
                server, EACH, "/api/v1/write", "Content-Length: 100000\r\n", new byte[20]);
        Crowd chunked =
            Crowd.trickling(server, EACH, "/write/", "Transfer-Encoding: chunked\r\n", chunk);
        Crowd silent =
            Crowd.trickling(server, EACH, "/write", "Content-Length: 500\r\n", new byte[0])) {
      Await.until("all have begun", ENDED, () -> arriving() >= 3 * EACH);
      RemoteWriteClient client = new RemoteWriteClient(QUICKLY);
      for (int i = 0; i < 20; i++) {
        assertThat(
                client
                    .write(
                        connector.writeUri(),
                        WireLabels.request(
                            Map.of("__name__", "beside"), System.currentTimeMillis(), i))
                    .status())
            .isEqualTo(204);
      }
      Await.until(
          "all were answered", ENDED, () -> answered(declared, chunked, silent) >= 3 * EACH);
      for (Crowd crowd : new Crowd[] {declared, chunked, silent}) {
        System.out.println(crowd.answers() + ", " + crowd.longest());
        assertThat(crowd.answers().keySet()).isSubsetOf(Set.of("503", Crowd.NO_ANSWER));
      }
      assertThat(sum("promscale_ingest_slow_bodies_total")).isGreaterThanOrEqualTo(3 * EACH);
    }
    Await.until("nothing is left", ENDED, () -> arriving() == 0);
    assertThat(sum("promscale_ingest_arriving_bytes")).isZero();
  }

  private static long answered(Crowd... crowds) {
    long sum = 0;
    for (Crowd crowd : crowds) {
      sum += crowd.answers().values().stream().mapToLong(Long::longValue).sum();
    }
    return sum;
  }

  private static double arriving() throws Exception {
    return sum("promscale_ingest_arriving_bodies");
  }

  private static double sum(String name) throws Exception {
    return MetricsPage.of(connector.uri("/metrics")).sum(name, Map.of());
  }
}
