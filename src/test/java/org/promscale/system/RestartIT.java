package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.SampleComparison;
import org.promscale.testbed.StoredSamples;
import org.promscale.testbed.SyntheticPlan;
import org.promscale.testbed.SyntheticReplica;

/**
 * A connector that stops or starts never answers 4xx: senders would drop the request for ever.
 * Before the application is there, and after it has gone, nobody must listen or the answer is 5xx.
 */
class RestartIT {

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @Test
  void senderLosesNothingWhenTheConnectorIsRestarted() throws Exception {
    try (PostgresServer postgres = PostgresServer.start(Map.of())) {
      String database = postgres.createDatabase();
      try (ConnectorProcess connector = ConnectorProcess.start(postgres, database);
          SyntheticReplica sender =
              SyntheticReplica.start(
                  SyntheticPlan.of(1, System.currentTimeMillis())
                      .withShape(40, 4, 1)
                      .withPace(20, Duration.ofMillis(20))
                      .withLongestBackoff(Duration.ofMillis(30)),
                  connector::writeUri)) {
        awaitMore(sender);
        connector.restart();
        awaitMore(sender);
        sender.finish(PATIENCE);

        assertThat(sender.requestsDropped()).as(sender.lastDrop()).isZero();
        SampleComparison.of(
                sender.acknowledged(), new StoredSamples(postgres.dataSource(database)).all())
            .assertEqual();
      }
    }
  }

  private static void awaitMore(SyntheticReplica sender) {
    long before = sender.requestsAcknowledged();
    Await.until("samples flow", PATIENCE, () -> sender.requestsAcknowledged() > before + 50);
  }
}
