package org.promscale.system;

import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.PostgresServer;

/** More bodies on their way than there are request threads and places for writes. */
@Tag("long")
class SlowBodiesIT {

  private static final int EACH = 150;

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
    new TricklingBodies(connector::uri, EACH).holdUpNobody();
  }
}
