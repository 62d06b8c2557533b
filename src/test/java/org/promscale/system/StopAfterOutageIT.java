package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.HttpProbe;
import org.promscale.testbed.MetricsPage;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.WireLabels;

/**
 * A connector that stops in order while its database is coming back leaves what it holds of
 * standbys to the other connectors: the senders have their 204 and nobody else has it.
 */
class StopAfterOutageIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private PostgresServer postgres;
  private String database = "";
  private ConnectorProcess connector;

  @BeforeEach
  void holdOneRequest() throws Exception {
    postgres = PostgresServer.start(Map.of());
    database = postgres.createDatabase();
    connector = ConnectorProcess.start(postgres, database, "-metrics.high-availability");
    long now = System.currentTimeMillis();
    write("a", now);
    write("b", now + 1000);
    Await.until("one sample is held", PATIENCE, () -> held() == 1);

    postgres.stop();
    Await.until("not ready", PATIENCE, () -> !HttpProbe.isOk(connector.uri("/-/ready")));
  }

  @AfterEach
  void stop() {
    connector.close();
    postgres.close();
  }

  @Test
  void theDatabaseHasJustComeBack() throws Exception {
    postgres.start();
    connector.stop();
    assertLeft();
  }

  @Test
  void theDatabaseComesBackDuringTheStop() throws Exception {
    connector.beginStop();
    postgres.start();
    connector.stop();
    assertLeft();
  }

  private void assertLeft() throws SQLException {
    assertThat(Rows.of(postgres.dataSource(database), "SELECT replica FROM _prom_catalog.ha_held"))
        .as(String.join("\n", connector.output()))
        .containsExactly("b");
  }

  private double held() throws Exception {
    return MetricsPage.of(connector.uri("/metrics")).sum("promscale_ha_hold_items", Map.of());
  }

  private void write(String replica, long timeMs) throws Exception {
    var request =
        WireLabels.request(
            Map.of("__name__", "m", "cluster", "c", "__replica__", replica), timeMs, 1);
    assertThat(new RemoteWriteClient().write(connector.writeUri(), request).status())
        .isEqualTo(204);
  }
}
