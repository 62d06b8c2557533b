package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.ApplicationServer;
import org.promscale.testbed.PayaraServer;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.WildFlyServer;

/**
 * The clicks of {@code docs/wildfly.md} and {@code docs/payara.md} make what the scripts there
 * make, and the WAR runs with it.
 */
@Tag("long")
class AdminConsoleIT {

  private PostgresServer postgres;

  @BeforeEach
  void startDatabase() {
    postgres = DeploymentScenario.startDatabase();
  }

  @AfterEach
  void stopDatabase() {
    postgres.close();
  }

  @Test
  void theClicksOnWildFlyMakeWhatTheScriptMakes() throws Exception {
    String byScript;
    try (ApplicationServer server = WildFlyServer.startWithDeployedDriver(postgres)) {
      byScript = server.settings();
    }
    try (ApplicationServer server = WildFlyServer.startUnprepared(postgres)) {
      clicksMake(byScript, server);
    }
  }

  @Test
  void theClicksOnPayaraServerMakeWhatTheScriptMakes() throws Exception {
    String byScript;
    try (ApplicationServer server = PayaraServer.start(postgres)) {
      byScript = server.settings();
    }
    try (ApplicationServer server = PayaraServer.startWithoutDataSource(postgres)) {
      clicksMake(byScript, server);
    }
  }

  private void clicksMake(String byScript, ApplicationServer server) throws Exception {
    server.operateInConsole();
    assertThat(server.settings()).isEqualTo(byScript);
    new DeploymentScenario(server, postgres).runDeployed();
  }
}
