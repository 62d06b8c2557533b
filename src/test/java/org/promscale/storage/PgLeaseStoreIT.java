package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.promscale.ha.ClusterState;
import org.promscale.ha.FillOrder;
import org.promscale.ha.LeaderChange;
import org.promscale.ingest.LeaseSteering;
import org.promscale.ingest.LeaseStore;
import org.promscale.testbed.Await;

/** The contracts of leases on PostgreSQL, and what only sessions of a database can do. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PgLeaseStoreIT
    implements LeaseStoreContract, LeaseNoteContract, LeasePatchContract, LeaseSteeringContract {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private HaStage stage;
  private final List<HaConnector> connectors = new ArrayList<>();

  @BeforeAll
  void start() throws SQLException {
    stage = new HaStage();
    for (int i = 0; i < CONNECTORS; i++) {
      connectors.add(stage.connector("connector-" + i));
    }
  }

  @AfterAll
  void stop() {
    if (stage != null) {
      stage.close();
    }
  }

  @Override
  public LeaseStore connector(int number) {
    return connectors.get(number).store();
  }

  @Override
  public LeaseSteering steering(int number) {
    return new PgLeaseSteering(stage.transactions());
  }

  @Override
  public boolean commit(int connector, int lane, long clusterId, UUID fence, long newestMs) {
    String metric = "leases_" + NUMBERS.incrementAndGet();
    return connectors.get(connector).commit(lane, clusterId, fence, metric, newestMs, 1);
  }

  @Override
  public boolean fill(int connector, long clusterId, UUID fence, long patchId, long timestampMs) {
    PendingBatch pending =
        Batches.unknown()
            .sample("filled_" + NUMBERS.incrementAndGet(), timestampMs, 1)
            .filling(new FillOrder(clusterId, fence, patchId, false));
    connectors.get(connector).fill(pending);
    return HaConnector.stored(pending);
  }

  @Override
  public void pass(Duration time) {
    try {
      stage.pass(time);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Such a row comes from a database that was put back; it says nothing about this term. */
  @Test
  void laneUnderAnotherFenceDoesNotCount() throws SQLException {
    long id = cluster();
    commitNow(0, 0, id, T0 + 100);
    foreignLane(id, "interval '1 hour'");
    assertThat(read(id).progress().frontierMs()).isEqualTo(T0 + 100);
    assertThat(read(id).progress().lastMs()).isEqualTo(T0 + 100);
    connector(0).foldLanes(id);
    assertThat(read(id).idleLanes()).isZero();
    assertThat(read(id).progress().frontierMs()).as("folded").isEqualTo(T0 + 100);
    assertThat(read(id).progress().commits()).isEqualTo(6);
    foreignLane(id, "interval '0'");
    ClusterState led = lead(id, "B");
    assertThat(led.lease().startMs()).isEqualTo(T0 + 100);
    assertThat(led.lease().sealMs()).isEqualTo(T0 + 100);
    assertThat(led.progress().frontierMs()).isEqualTo(T0 + 100);
  }

  private void foreignLane(long id, String age) throws SQLException {
    stage.execute(
        "INSERT INTO _prom_catalog.ha_progress (cluster_id, lane, fence, frontier, last, commits,"
            + " committed_at, registered_at) SELECT "
            + id
            + ", 'foreign', gen_random_uuid(), t, t, 5, w, w FROM (SELECT"
            + " _prom_catalog.data_time("
            + (T0 + 999_000)
            + ") AS t, clock_timestamp() - "
            + age
            + " AS w) v");
  }

  @Test
  void laneThatStoresWhileItIsFoldedStays() throws Exception {
    long id = cluster();
    commitNow(0, 0, id, T0 + 100);
    pass(Duration.ofMinutes(11));
    try (Connection storer = stage.database().getConnection();
        Statement statement = storer.createStatement()) {
      storer.setAutoCommit(false);
      statement.execute(
          "UPDATE _prom_catalog.ha_progress SET commits = commits + 1, committed_at ="
              + " clock_timestamp() WHERE cluster_id = "
              + id);
      Future<Boolean> folding =
          stage.async(
              () -> {
                connector(1).foldLanes(id);
                return true;
              });
      stage.awaitBlockedOrDone("DELETE FROM _prom_catalog.ha_progress", folding);
      storer.commit();
      HaStage.join(folding);
    }
    assertThat(read(id).progress().commits()).isEqualTo(2);
    assertThat(commit(0, 0, id, read(id).lease().fence(), T0 + 200)).isTrue();
  }

  @Test
  void frozenSessionThatBlocksOthersIsEndedAndABusyOneIsNot() throws Exception {
    stage.execute("CREATE TABLE public.blocked (id int PRIMARY KEY)");
    Future<Boolean> working = runs("INSERT INTO public.blocked VALUES (2); SELECT pg_sleep(13)");
    Await.until(
        "it works",
        PATIENCE,
        () -> !stage.rows("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'").isEmpty());
    try (Connection frozen = stage.database().getConnection();
        Statement statement = frozen.createStatement()) {
      frozen.setAutoCommit(false);
      statement.execute("INSERT INTO public.blocked VALUES (1)");
      Future<Boolean> waiting = runs("INSERT INTO public.blocked SELECT 1");
      Future<Boolean> waitingToo =
          runs("INSERT INTO public.blocked SELECT 2 WHERE true ON CONFLICT DO NOTHING");
      stage.awaitBlockedOrDone("INSERT INTO public.blocked SELECT 1", waiting);
      stage.awaitBlockedOrDone("INSERT INTO public.blocked SELECT 2", waitingToo);
      long since = System.nanoTime();
      assertThat(connector(0).endFrozenSessions()).as("at once").isZero();
      Await.until(
          "the frozen session is ended", PATIENCE, () -> connector(0).endFrozenSessions() == 1);
      assertThat(Duration.ofNanos(System.nanoTime() - since))
          .isBetween(Duration.ofSeconds(9), Duration.ofSeconds(13));
      assertThat(HaStage.join(waiting)).isTrue();
      assertThat(frozen.isValid(1)).isFalse();
      Await.until(
          "the busy session has done its work",
          PATIENCE,
          () -> connector(1).endFrozenSessions() == 0 && working.isDone());
      assertThat(HaStage.join(working)).isTrue();
      HaStage.join(waitingToo);
    }
  }

  @Test
  void sessionThatIdlesWithLocksOnLeasesIsEndedByAClockThatNeverJumps() throws Exception {
    long id = cluster();
    commitNow(0, 0, id, T0);
    try (Connection frozen = stage.database().getConnection();
        Statement statement = frozen.createStatement();
        Connection reader = stage.database().getConnection();
        Statement read = reader.createStatement()) {
      frozen.setAutoCommit(false);
      reader.setAutoCommit(false);
      statement.execute(
          "UPDATE _prom_catalog.ha_progress SET commits = commits WHERE cluster_id = " + id);
      read.execute("SELECT count(*) FROM _prom_catalog.ha_progress");
      assertThat(connector(0).endFrozenSessions()).as("at once").isZero();
      monotonic(Duration.ofSeconds(5));
      assertThat(connector(0).endFrozenSessions()).as("for less than ten seconds").isZero();
      monotonic(Duration.ofSeconds(5));
      assertThat(connector(1).endFrozenSessions()).as("it has just begun to look").isZero();
      read.execute("SELECT 1");
      statement.execute("SELECT 1");
      assertThat(connector(0).endFrozenSessions()).as("it has done something").isZero();
      monotonic(Duration.ofSeconds(11));
      assertThat(connector(0).endFrozenSessions()).isEqualTo(1);
      assertThat(frozen.isValid(1)).isFalse();
      assertThat(reader.isValid(1)).as("nobody waits for whoever only reads").isTrue();
    }
    assertThat(connector(0).takeOver(read(id), LeaderChange.silent("B"))).isTrue();
  }

  /** Time passes by the connectors' clocks alone: the database's was set back. */
  private void monotonic(Duration time) {
    connectors.forEach(connector -> connector.pass(time));
  }

  private Future<Boolean> runs(String sql) {
    return stage.async(
        () -> {
          stage.execute(sql);
          return true;
        });
  }

  /** It holds the lease and all lanes, and no statement of it is under way. */
  @Test
  void connectorFrozenInATakeoverHoldsOthersUpForSeconds() throws Exception {
    long id = cluster();
    commitNow(0, 0, id, T0);
    ClusterState seen = read(id);
    Gate gate = new Gate();
    gate.shut();
    HaConnector frozen =
        stage.connector(stage.database(), stage.transactions().before(gate), "frozen");
    Future<Boolean> stuck =
        stage.async(() -> frozen.store().takeOver(seen, LeaderChange.silent("B")));
    gate.awaitSomebody();
    long since = System.nanoTime();
    Await.until(
        "another connector changes the leader",
        PATIENCE,
        () -> connector(1).takeOver(seen, LeaderChange.silent("C")));
    assertThat(Duration.ofNanos(System.nanoTime() - since)).isLessThan(Duration.ofSeconds(9));
    gate.open();
    assertThat(stuck).failsWithin(PATIENCE);
    assertThat(read(id).lease().leader()).isEqualTo("C");
    assertThat(read(id).terms()).hasSize(2);
  }
}
