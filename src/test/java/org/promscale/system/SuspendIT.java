package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.HttpProbe;
import org.promscale.testbed.OperatorGuide;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.RemoteWriteClient.Answer;
import org.promscale.testbed.WildFlyServer;
import org.promscale.testbed.WireLabels;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/** WildFly is suspended and resumed: it refuses tasks in between, and ours have to come back. */
@Tag("long")
class SuspendIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Several periods of all that is done every one or two seconds. */
  private static final Duration SUSPENDED = Duration.ofSeconds(6);

  private static final String REFUSED_TASK = "WFLYEE0110";

  private PostgresServer postgres;

  @BeforeEach
  void startDatabase() {
    postgres = OperatorGuide.startDatabase(Map.of());
  }

  @AfterEach
  void stopDatabase() {
    postgres.close();
  }

  @Test
  void periodicWorkGoesOnAfterwards() throws Exception {
    try (WildFlyServer server = WildFlyServer.start(postgres)) {
      server.deploy();
      ready(server);
      assertThat(write(server, "before").status()).isEqualTo(204);
      viewOf("before");

      server.suspend();
      long since = System.nanoTime();
      Await.until("time", PATIENCE, () -> System.nanoTime() - since > SUSPENDED.toNanos());
      assertThat(write(server, "meanwhile").status()).isEqualTo(503);
      assertThat(server.errors()).anyMatch(line -> line.contains(REFUSED_TASK));

      server.resume();
      ready(server);
      assertThat(write(server, "after").status()).isEqualTo(204);
      viewOf("after");
      assertThat(server.errors()).allMatch(line -> line.contains(REFUSED_TASK));
    }
  }

  private static void ready(WildFlyServer server) {
    Await.until("ready", PATIENCE, () -> HttpProbe.isOk(server.uri("/-/ready")));
  }

  /** Views are made by periodic work. */
  private void viewOf(String metric) {
    String sql = "SELECT FROM pg_views WHERE viewname = '" + metric + "'";
    Await.until("view of " + metric, PATIENCE, () -> hasRow(sql));
  }

  private boolean hasRow(String sql) throws SQLException {
    try (Connection connection = postgres.connect(DeploymentScenario.DATABASE);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      return rows.next();
    }
  }

  private static Answer write(WildFlyServer server, String metric) throws Exception {
    Map<String, String> labels =
        Map.of("__name__", metric, "cluster", "suspended", "__replica__", "a");
    WriteRequest request = WireLabels.request(labels, System.currentTimeMillis(), 1);
    return new RemoteWriteClient().write(server.uri("/api/v1/write"), request);
  }
}
