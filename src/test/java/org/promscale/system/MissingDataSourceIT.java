package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.ApplicationServer;
import org.promscale.testbed.Await;
import org.promscale.testbed.HttpProbe;
import org.promscale.testbed.OperatorGuide;
import org.promscale.testbed.PayaraServer;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.RemoteWriteClient.Answer;
import org.promscale.testbed.WildFlyServer;
import org.promscale.testbed.WireLabels;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/** The WAR on a server where nobody has made the data source {@code jdbc/promscale}. */
@Tag("long")
class MissingDataSourceIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

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
  void wildFlyRefusesTheDeployment() {
    try (ApplicationServer server = WildFlyServer.startWithoutDataSource(postgres)) {
      assertThatThrownBy(server::deploy)
          .hasMessageContaining("Required services that are not installed")
          .hasMessageContaining("jboss.naming.context.java.jdbc.promscale");
    }
  }

  @Test
  void wildFlyNamesTheMissingDriver() {
    try (ApplicationServer server = WildFlyServer.startWithoutDriver(postgres)) {
      assertThat(server.output())
          .anyMatch(line -> line.contains("promscale is missing [jboss.jdbc-driver.postgresql]"));
      assertThatThrownBy(server::deploy).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void onPayaraSendersAreToldToComeBackUntilItIsThere() throws Exception {
    String sentence = "the server has no data source jdbc/promscale: make it, or map";
    try (PayaraServer server = PayaraServer.startWithoutDataSource(postgres)) {
      server.deploy();
      Await.until(
          "not ready",
          PATIENCE,
          () ->
              HttpProbe.get(server.uri("/-/ready"), Duration.ofSeconds(5))
                  .body()
                  .contains(sentence));
      WriteRequest request =
          WireLabels.request(
              Map.of("__name__", "without_data_source"), System.currentTimeMillis(), 1);
      Answer answer = new RemoteWriteClient().write(server.uri("/write"), request);
      assertThat(answer.status()).as(answer.body()).isEqualTo(503);

      server.configure();
      Await.until("ready", PATIENCE, () -> HttpProbe.isOk(server.uri("/-/ready")));
      assertThat(server.output()).filteredOn(line -> line.contains(sentence)).hasSize(1);
    }
  }
}
