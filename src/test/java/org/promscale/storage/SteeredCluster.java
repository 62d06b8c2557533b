package org.promscale.storage;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.promscale.ha.ClusterState;
import org.promscale.ha.SteeringOrder;
import org.promscale.ha.SteeringOrder.Action;
import org.promscale.ha.SteeringRuling.Outcome;
import org.promscale.ingest.LeaseStore.ReplicaNote;

/** A cluster on PostgreSQL that is given orders; each class has a server of its own. */
abstract class SteeredCluster {

  static final long T0 = HaStage.T0;
  static final long TIMEOUT_MS = 45_000;

  static HaStage stage;
  static int number;

  HaConnector connector;
  PgLeaseSteering steering;
  String name = "";
  long id;

  @BeforeAll
  static void start() throws SQLException {
    stage = new HaStage();
  }

  @AfterAll
  static void stop() {
    if (stage != null) {
      stage.close();
    }
  }

  /** A leads and has come to 100 s, B keeps up, C is far behind. */
  @BeforeEach
  void cluster() throws SQLException {
    name = "steered_" + ++number;
    connector = stage.connector(name);
    steering = new PgLeaseSteering(stage.transactions());
    id = connector.elect(name, "A");
    connector.commit(0, id, name, T0 + 100_000, 1);
    long now = System.currentTimeMillis();
    note("A", now, T0 + 100_000);
    note("B", now, T0 + 95_000);
    note("C", now, T0 + 50_000);
  }

  void note(String replica, long seenMs, long newestMs) {
    connector.store().note(List.of(new ReplicaNote(id, replica, seenMs, newestMs)), List.of());
  }

  ClusterState read() {
    return connector.read(id);
  }

  static SteeringOrder order(Action action, @Nullable String replica) {
    return order(action, replica, false, null, null);
  }

  static SteeringOrder order(
      Action action,
      @Nullable String replica,
      boolean force,
      @Nullable Duration pinFor,
      @Nullable UUID fence) {
    return new SteeringOrder(action, replica, force, pinFor, null, fence, "ops", "new disk");
  }

  Outcome steer(SteeringOrder order) {
    return steering.steer(read(), order, TIMEOUT_MS).outcome();
  }

  List<String> terms() throws SQLException {
    return stage.rows(
        "SELECT term, leader, cause, actor, reason FROM prom_info.ha_terms WHERE cluster = '"
            + name
            + "' ORDER BY term");
  }

  List<String> actions() throws SQLException {
    return stage.rows(
        "SELECT action, replica, actor, reason, forced, term FROM prom_info.ha_actions WHERE"
            + " cluster = '"
            + name
            + "' ORDER BY at");
  }
}
