package org.promscale.storage;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.postgresql.ds.PGPoolingDataSource;
import org.promscale.testbed.Await;
import org.promscale.testbed.PostgresServer;

/**
 * A PostgreSQL of its own with one migrated database, and what several connectors in this JVM need.
 * Data times of tests are milliseconds after {@link #T0}, an hour ago. Thread-safe.
 */
final class HaStage implements AutoCloseable {

  /** A round data time that has passed. */
  static final long T0 = (System.currentTimeMillis() - 3_600_000) / 100_000 * 100_000;

  private final PostgresServer server = PostgresServer.start(Map.of());
  private final String name = server.createDatabase();
  private final DataSource database;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final ResourceLocal transactions;

  HaStage() throws SQLException {
    this(false);
  }

  /** Makes a stage, with a pool of connections where many statements matter. */
  HaStage(boolean pooled) throws SQLException {
    database = pooled ? pool() : server.dataSource(name);
    new SchemaMigrator(database).migrate();
    transactions = ResourceLocal.in(database);
  }

  @SuppressWarnings("deprecation") // too simple for production is right for a test
  private DataSource pool() throws SQLException {
    PGPoolingDataSource pool = new PGPoolingDataSource();
    pool.setUrl(server.dataSource(name).getUrl());
    pool.setUser(server.dataSource(name).getUser());
    pool.setMaxConnections(40);
    return pool;
  }

  DataSource database() {
    return database;
  }

  PostgresServer server() {
    return server;
  }

  ResourceLocal transactions() {
    return transactions;
  }

  ExecutorService threads() {
    return threads;
  }

  /** Makes a connector; its storing transactions pass these guards. */
  HaConnector connector(String connectorName, CommitGuard... guards) throws SQLException {
    return connector(database, transactions, connectorName, guards);
  }

  /** Makes a connector with its own way into the database. */
  HaConnector connector(
      DataSource source, LeaseTransactions leases, String connectorName, CommitGuard... guards)
      throws SQLException {
    return new HaConnector(source, leases, threads, connectorName, List.of(guards));
  }

  /** Runs something beside the test. */
  <T> Future<T> async(Callable<T> work) {
    return threads.submit(work);
  }

  /** Returns what ran beside the test; fails if that failed. */
  static <T> T join(Future<T> work) throws Exception {
    return work.get(30, TimeUnit.SECONDS);
  }

  /** Waits until a session waits for a lock in a statement that contains this, or the work ends. */
  void awaitBlockedOrDone(String statement, Future<?> work) {
    Await.until(
        "a session waits in '" + statement + "'",
        Duration.ofSeconds(20),
        () ->
            work.isDone()
                || !rows("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query"
                        + " LIKE '%"
                        + statement
                        + "%'")
                    .isEmpty());
  }

  /** Runs a statement. */
  void execute(String sql) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Lets this much wall time pass for all leases: everything that has a time is so much older. */
  void pass(Duration time) throws SQLException {
    String ago = " - interval '" + time.toMillis() + " ms'";
    execute(
        ("UPDATE _prom_catalog.ha_lease SET looked_at = looked_at@, burst_at = burst_at@,"
                + " patched_since = patched_since@, patched_at = patched_at@,"
                + " pinned_until = pinned_until@;"
                + "UPDATE _prom_catalog.ha_progress SET committed_at = committed_at@,"
                + " registered_at = registered_at@;"
                + "UPDATE _prom_catalog.ha_term SET decided_at = decided_at@,"
                + " last_commit = last_commit@, first_commit = first_commit@;"
                + "UPDATE _prom_catalog.ha_held SET claimed_until = claimed_until@;"
                + "UPDATE _prom_catalog.ha_patch SET opened_at = opened_at@, opens_at = opens_at@,"
                + " filled_at = filled_at@, open_until = open_until@;"
                + "UPDATE _prom_catalog.ha_sighting SET last_seen = last_seen@")
            .replace("@", ago));
  }

  /** Returns rows as text, columns separated by a bar. */
  List<String> rows(String sql) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      List<String> rows = new ArrayList<>();
      while (result.next()) {
        List<String> cells = new ArrayList<>();
        for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
          cells.add(String.valueOf(result.getString(i)));
        }
        rows.add(String.join("|", cells));
      }
      return rows;
    }
  }

  /** Returns "offset=value" of every stored sample of a metric, in order of time. */
  List<String> stored(String metric) throws SQLException {
    return rows(
        "SELECT (_prom_catalog.data_ms(s.time) - "
            + T0
            + ") || '=' || s.value FROM prom_data.sample s JOIN _prom_catalog.series r ON r.id ="
            + " s.series_id WHERE r.labels->>'__name__' = '"
            + metric
            + "' ORDER BY s.time");
  }

  @Override
  public void close() {
    threads.shutdownNow();
    transactions.close();
    server.close();
  }
}
