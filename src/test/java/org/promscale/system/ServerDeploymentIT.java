package org.promscale.system;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.ApplicationServer;
import org.promscale.testbed.PayaraServer;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.WildFlyServer;

/**
 * The one WAR on real servers, prepared with the commands of {@code docs/wildfly.md} and {@code
 * docs/payara.md}.
 */
@Tag("long")
class ServerDeploymentIT {

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
  void theWarRunsOnWildFly() throws Exception {
    try (ApplicationServer server = WildFlyServer.start(postgres)) {
      new DeploymentScenario(server, postgres).run();
    }
  }

  @Test
  void theDriverMayBeDeployedOnWildFly() throws Exception {
    try (ApplicationServer server = WildFlyServer.startWithDeployedDriver(postgres)) {
      new DeploymentScenario(server, postgres).runBriefly();
    }
  }

  @Test
  void theWarRunsOnPayaraServer() throws Exception {
    try (ApplicationServer server = PayaraServer.start(postgres)) {
      new DeploymentScenario(server, postgres).run();
    }
  }
}
