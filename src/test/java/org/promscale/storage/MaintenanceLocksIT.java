package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.promscale.testbed.Await;

/** Maintenance beside sessions that have the tables. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MaintenanceLocksIT implements MaintenanceFixture {

  private static final String COPY =
      "COPY prom_data.sample (time, series_id, value) FROM STDIN (FORMAT BINARY)";

  private final DatabaseServer server = DatabaseServer.plain();
  private DataSource database = server.createDatabase();
  private long id;

  @Override
  public DataSource database() {
    return database;
  }

  @Override
  public DataSource emptyDatabase() {
    return server.createDatabase();
  }

  @BeforeEach
  void fill() throws SQLException {
    database = freshDatabase();
    id = oldSeries(database, "a", "x");
    samplesAt(database, id, 0, 4);
    execute(database, "SELECT prom_api.set_default_retention_period('2 days')");
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @Test
  @DisplayName("Beside a frozen COPY others store within a second; the DROP waits for it to end")
  void frozenCopy() throws SQLException {
    Assumptions.assumeFalse(
        DatabaseServer.plainHasTimescale(),
        "drop_chunks does not lock the table, and this COPY has no chunk yet");
    try (Connection frozen = database.getConnection()) {
      frozen.setAutoCommit(false);
      PgDriver.Copy copy = PgDriver.copyIn(frozen, COPY);
      CompletableFuture<Void> run = CompletableFuture.runAsync(() -> maintainUnchecked(4));
      Await.until("maintenance waits for the table", Duration.ofSeconds(20), () -> lockWaits() > 0);
      long began = System.nanoTime();
      try (Connection writer = database.getConnection()) {
        Bits.insert(writer, DAY_0.plus(Duration.ofDays(4)).toEpochMilli() + 1, id, 0);
      }
      Duration waited = Duration.ofNanos(System.nanoTime() - began);
      run.join();
      assertThat(waited).as("a writer beside it").isLessThan(Duration.ofSeconds(5));
      assertThat(days(database, id)).as("not dropped").contains("0");
      assertThat(blockers()).as("prom_info.maintenance names the session").isNotEmpty();
      assertThat(maintain(database, 4)).as("the next run does not try").isEmpty();
      assertThat(
              rows(
                  database, "SELECT partitions_dropped FROM prom_info.maintenance ORDER BY run_id"))
          .as("the other three tables had their turn in the first run")
          .containsExactly("3", "0");
      copy.close();
      frozen.rollback();
    }
    assertThat(maintain(database, 4)).isEmpty();
    assertThat(days(database, id)).doesNotContain("0");
    assertThat(blockers()).isEmpty();
  }

  @Test
  @DisplayName("While a long reader has a table no writer ever waits again")
  void readerIsNotWaitedForTwice() throws SQLException {
    try (Connection reader = database.getConnection();
        Statement statement = reader.createStatement()) {
      reader.setAutoCommit(false);
      statement.execute("SELECT count(*) FROM prom_data.sample");
      maintain(database, 4);
      assertThat(blockers()).isNotEmpty();
      try (Connection watcher = database.getConnection();
          Statement holds = watcher.createStatement()) {
        watcher.setAutoCommit(false);
        // Were it tried, it would wait for this lock too, and be noted.
        holds.execute("LOCK TABLE prom_data.sample IN ACCESS SHARE MODE");
        maintain(database, 4);
        assertThat(blockers()).doesNotContain(pidOf(watcher));
        watcher.rollback();
      }
      reader.rollback();
    }
  }

  @Test
  @DisplayName("A run that was taken away does no further step")
  void runIsTakenAway() throws SQLException {
    execute(
        database,
        "INSERT INTO _prom_catalog.maintenance_run (connector, ended_at) VALUES ('x', now())");
    assertThatThrownBy(
            () ->
                execute(
                    database,
                    "SELECT _prom_catalog.maintain_drop((SELECT max(run_id) FROM"
                        + " _prom_catalog.maintenance_run), now())"))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("55000"));
    assertThat(days(database, id)).containsExactly("0", "4");
  }

  @Test
  @DisplayName("A step that is killed half-way leaves nothing half done, and the next run does it")
  void killed() throws SQLException {
    samplesAt(database, id, 1);
    try (Connection holder = database.getConnection();
        Statement statement = holder.createStatement()) {
      holder.setAutoCommit(false);
      statement.execute("LOCK TABLE prom_data.sample IN ACCESS SHARE MODE");
      CompletableFuture<Void> run = CompletableFuture.runAsync(() -> maintainUnchecked(4));
      Await.until("maintenance waits for the table", Duration.ofSeconds(20), () -> lockWaits() > 0);
      execute(
          database,
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
      assertThatThrownBy(run::join).hasCauseInstanceOf(IllegalStateException.class);
      holder.rollback();
    }
    assertThat(days(database, id)).containsExactly("0", "1", "4");
    execute(
        database,
        "UPDATE _prom_catalog.maintenance_run SET touched_at = touched_at - interval '1 min'");
    MaintenanceFixture.runOnce(maintenance(database, "other", 4));
    assertThat(days(database, id)).containsExactly("4");
    assertThat(
            rows(database, "SELECT connector, running FROM prom_info.maintenance ORDER BY run_id"))
        .isEqualTo(List.of("test|f", "other|f"));
  }

  private void maintainUnchecked(int day) {
    try {
      maintain(database, day);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private long lockWaits() {
    try {
      return Long.parseLong(
          rows(database, "SELECT count(*) FROM pg_locks WHERE NOT granted").get(0));
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<String> blockers() throws SQLException {
    return rows(
        database,
        "SELECT split_part(unnest(blocked_by), ' ', 1) FROM prom_info.maintenance"
            + " WHERE run_id = (SELECT max(run_id) FROM prom_info.maintenance)");
  }

  private static String pidOf(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        var row = statement.executeQuery("SELECT pg_backend_pid()")) {
      row.next();
      return row.getString(1);
    }
  }
}
