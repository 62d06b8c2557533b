package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ingest.BatchListener;
import org.promscale.testbed.Await;
import org.promscale.testbed.PostgresServer;

/** Connectors with warm caches while somebody deletes series. */
class CatalogIncarnationIT {

  private static final long NOW = 1_700_000_000_000L;
  private static final String LOCK_ALONE =
      "SELECT pg_advisory_xact_lock(_prom_catalog.lock_key('incarnation'))";
  private static final String CHANGE =
      "UPDATE _prom_catalog.incarnation SET token = gen_random_uuid()";

  private static PostgresServer server;

  private final SeriesCache cache = new SeriesCache(1_000);
  private final CatalogIncarnation incarnation = new CatalogIncarnation(cache);
  private final Gate gate = new Gate();
  private String database = "";
  private BatchWriter writer;

  @BeforeAll
  static void startServer() {
    server = PostgresServer.start(Map.of());
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @BeforeEach
  void createWriter() throws SQLException {
    database = server.createDatabase();
    DataSource source = server.dataSource(database);
    new SchemaMigrator(source).migrate();
    writer = TestWriter.on(source, cache, List.of(incarnation, gate), BatchListener.NONE);
  }

  @Test
  @DisplayName("Of requests that were decoded before a deletion none is stored, not only the first")
  void everyRequestOfBefore() throws SQLException {
    write(Batches.unknown().sample("a", NOW, 1).pending());
    long id = idOfA();
    PendingBatch first = Batches.unknown().known(id, NOW + 1, 1).idsOf(cache.epoch()).pending();
    PendingBatch second = Batches.unknown().known(id, NOW + 2, 1).idsOf(cache.epoch()).pending();
    server.execute(database, CHANGE);
    write(first);
    write(second);
    assertThat(first.done()).isCompletedExceptionally();
    assertThat(second.done()).isCompletedExceptionally();
    assertThat(samples()).isEqualTo(1);
  }

  @Test
  @DisplayName("A value that changed before the first transaction is missed by nobody")
  void changeBeforeTheFirst() throws SQLException {
    try (Connection connection = server.connect(database)) {
      incarnation.begin(connection);
    }
    PendingBatch early = Batches.unknown().known(7, NOW, 1).idsOf(cache.epoch()).pending();
    server.execute(database, CHANGE);
    write(early);
    assertThat(early.done()).isCompletedExceptionally();
    assertThat(samples()).isZero();
  }

  @Test
  @DisplayName("A deletion waits for transactions that have checked, and they for none of them")
  void deletionWaits() throws SQLException, InterruptedException {
    gate.shut();
    PendingBatch pending = Batches.unknown().sample("a", NOW, 1).pending();
    Thread storing = new Thread(() -> write(pending));
    storing.start();
    gate.awaitSomebody();
    boolean aloneMeanwhile = isLockFree("pg_try_advisory_xact_lock");
    boolean sharedMeanwhile = isLockFree("pg_try_advisory_xact_lock_shared");
    gate.open();
    storing.join();
    assertThat(aloneMeanwhile).as("a deletion gets in between check and commit").isFalse();
    assertThat(sharedMeanwhile).as("another connector can store").isTrue();
    assertThat(isLockFree("pg_try_advisory_xact_lock")).as("after the commit").isTrue();
    assertThat(pending.done()).isCompleted();
  }

  @Test
  @DisplayName("A transaction that comes to its check during a deletion sees the new value")
  void checkDuringDeletion() throws SQLException, InterruptedException {
    write(Batches.unknown().sample("a", NOW, 1).pending());
    PendingBatch pending =
        Batches.unknown().known(idOfA(), NOW + 1, 1).idsOf(cache.epoch()).pending();
    Thread storing = new Thread(() -> write(pending));
    try (Connection deleting = server.connect(database);
        Statement statement = deleting.createStatement()) {
      deleting.setAutoCommit(false);
      statement.execute(LOCK_ALONE);
      statement.execute("DELETE FROM _prom_catalog.series");
      statement.execute(CHANGE);
      storing.start();
      Await.until(
          "the storing transaction waits or is through",
          Duration.ofSeconds(20),
          () -> pending.done().isDone() || isAnybodyWaiting());
      deleting.commit();
    }
    storing.join();
    assertThat(pending.done()).isCompletedExceptionally();
    assertThat(samples()).isEqualTo(1);
  }

  @Test
  @DisplayName("A series that maintenance is about to forget stays if a warm connector stores it")
  void markedSeriesIsStoredAgain() throws SQLException {
    write(Batches.unknown().sample("a", NOW, 1).pending());
    long id = idOfA();
    server.execute(database, "DELETE FROM prom_data.sample");
    server.execute(database, "INSERT INTO _prom_catalog.forgotten_series VALUES (" + id + ", 1)");
    PendingBatch warm = Batches.unknown().known(id, NOW + 1, 1).idsOf(cache.epoch()).pending();
    server.execute(database, "UPDATE _prom_catalog.maintenance_state SET mark = 2; " + CHANGE);
    write(warm);
    assertThat(warm.done()).as("its id was known from before the mark").isCompletedExceptionally();
    PendingBatch next = Batches.unknown().sample("a", NOW + 2, 1).pending();
    write(next);
    assertThat(next.done()).isCompleted();
    assertThat(number("SELECT count(*) FROM _prom_catalog.forgotten_series")).isZero();
    assertThat(idOfA()).isEqualTo(id);
  }

  @Test
  @DisplayName("Whoever looks a series up while maintenance deletes it gets a new one")
  void lookedUpWhileItIsDeleted() throws SQLException, InterruptedException {
    write(Batches.unknown().sample("a", NOW, 1).pending());
    long id = idOfA();
    server.execute(database, "DELETE FROM prom_data.sample");
    server.execute(database, "INSERT INTO _prom_catalog.forgotten_series VALUES (" + id + ", 0)");
    cache.clear();
    PendingBatch pending = Batches.unknown().sample("a", NOW + 1, 1).idsOf(cache.epoch()).pending();
    Thread storing = new Thread(() -> write(pending));
    try (Connection deleting = server.connect(database);
        Statement statement = deleting.createStatement()) {
      deleting.setAutoCommit(false);
      statement.execute("DELETE FROM _prom_catalog.forgotten_series");
      storing.start();
      Await.until(
          "the lookup waits for the mark",
          Duration.ofSeconds(20),
          () -> pending.done().isDone() || isAnybodyWaitingForARow());
      statement.execute("DELETE FROM _prom_catalog.series");
      deleting.commit();
    }
    storing.join();
    assertThat(pending.done()).isCompleted();
    assertThat(idOfA()).isNotEqualTo(id);
    assertThat(
            number(
                "SELECT count(*) FROM prom_data.sample s JOIN _prom_catalog.series c ON c.id ="
                    + " s.series_id"))
        .isEqualTo(1);
  }

  private boolean isAnybodyWaitingForARow() {
    try {
      return number(
              "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted")
          > 0;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private void write(PendingBatch pending) {
    writer.write(0, List.of(pending));
  }

  private boolean isAnybodyWaiting() {
    try {
      return number("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
          > 0;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private boolean isLockFree(String attempt) throws SQLException {
    return number("SELECT " + attempt + "(_prom_catalog.lock_key('incarnation'))::int") == 1;
  }

  private long idOfA() throws SQLException {
    return number("SELECT id FROM _prom_catalog.series WHERE labels ->> '__name__' = 'a'");
  }

  private long samples() throws SQLException {
    return number("SELECT count(*) FROM prom_data.sample");
  }

  private long number(String sql) throws SQLException {
    try (Connection connection = server.connect(database);
        ResultSet row = connection.createStatement().executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }
}
