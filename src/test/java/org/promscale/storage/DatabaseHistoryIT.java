package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;
import org.promscale.ingest.BatchListener;
import org.promscale.testbed.Await;
import org.promscale.testbed.PostgresServer;

/** A connector that knows ids by heart, and a database that has gone back behind them. */
class DatabaseHistoryIT {

  private static final long NOW = 1_700_000_000_000L;

  private final PostgresServer server = PostgresServer.start(Map.of());
  private final String database = server.createDatabase();
  private final SeriesCache cache = new SeriesCache(1_000);

  @AfterEach
  void stop() {
    server.close();
  }

  private BatchWriter writer(DataSource source, SeriesCache ids) throws SQLException {
    new SchemaMigrator(source).migrate();
    CatalogIncarnation incarnation = new CatalogIncarnation(ids);
    try (Connection connection = source.getConnection()) {
      incarnation.begin(connection);
    }
    return TestWriter.on(source, ids, List.of(incarnation), BatchListener.NONE);
  }

  /** Returns one that has stored series {@code a} and knows its id. */
  private BatchWriter warmWriter(DataSource source) throws SQLException {
    BatchWriter writer = writer(source, cache);
    store(writer, "a");
    return writer;
  }

  /** A sample of a series whose id was found in the cache, as it is now. */
  private PendingBatch known(long id, long timestampMs) {
    return Batches.unknown().known(id, timestampMs, 1).idsOf(cache.epoch()).pending();
  }

  private static void write(BatchWriter writer, PendingBatch pending) {
    writer.write(0, List.of(pending));
  }

  private static void store(BatchWriter writer, String metric) {
    PendingBatch pending = Batches.unknown().sample(metric, NOW, 1).pending();
    write(writer, pending);
    assertThat(pending.done()).isCompleted();
  }

  private static long number(DataSource source, String sql) throws SQLException {
    try (Connection connection = source.getConnection();
        ResultSet row = connection.createStatement().executeQuery(sql)) {
      return row.next() ? row.getLong(1) : 0;
    }
  }

  private static long idOf(DataSource source, String metric) throws SQLException {
    return number(
        source,
        "SELECT id FROM _prom_catalog.series WHERE labels ->> '__name__' = '" + metric + "'");
  }

  /**
   * What is sent of a series whose id was lost is refused once, and then stored under a new one.
   */
  private void assertNoticed(BatchWriter warm, DataSource source, long lost) throws SQLException {
    long rows = number(source, "SELECT count(*) FROM prom_data.sample");
    PendingBatch stale = known(lost, NOW + 1);
    PendingBatch beside = known(lost, NOW + 2);
    write(warm, stale);
    write(warm, beside);
    assertThat(stale.done()).as("under an id of before").isCompletedExceptionally();
    assertThat(beside.done()).as("another one that was under way").isCompletedExceptionally();
    assertThat(number(source, "SELECT count(*) FROM prom_data.sample")).isEqualTo(rows);
    PendingBatch next = Batches.unknown().sample("lost", NOW + 3, 1).pending();
    write(warm, next);
    assertThat(next.done()).as("the next try, with labels").isCompleted();
    assertThat(
            number(
                source,
                "SELECT count(*) FROM prom_data.sample WHERE series_id = " + idOf(source, "lost")))
        .isEqualTo(1);
    PendingBatch calm = known(idOf(source, "lost"), NOW + 4);
    write(warm, calm);
    assertThat(calm.done()).as("and it goes on").isCompleted();
  }

  @Test
  @DisplayName("Restored from a copy of the database: the same token, other ids")
  void restored() throws SQLException {
    DataSource source = server.dataSource(database);
    BatchWriter warm = warmWriter(source);
    server.execute("postgres", "CREATE DATABASE of_yesterday TEMPLATE " + database);
    store(warm, "lost");
    long lost = idOf(source, "lost");
    server.execute("postgres", "ALTER DATABASE " + database + " RENAME TO of_today");
    server.execute("postgres", "ALTER DATABASE of_yesterday RENAME TO " + database);
    store(writer(source, new SeriesCache(1_000)), "other");
    assertThat(idOf(source, "other")).as("the id has got another meaning").isEqualTo(lost);
    assertNoticed(warm, source, lost);
  }

  @Test
  @DisplayName("A standby promoted that had not got everything")
  void promoted() throws SQLException {
    PGSimpleDataSource source = server.dataSource(database);
    PostgresServer standby = PostgresServer.startStandbyOf(server);
    try {
      String servers = "127.0.0.1:" + server.port() + ",127.0.0.1:" + standby.port();
      source.setUrl("jdbc:postgresql://" + servers + "/" + database + "?hostRecheckSeconds=0");
      source.setTargetServerType("primary");
      BatchWriter warm = warmWriter(source);
      DataSource replica = standby.dataSource(database);
      Await.until(
          "the standby has it",
          Duration.ofSeconds(20),
          () -> number(replica, "SELECT count(*) FROM prom_data.sample") == 1);
      standby.execute("postgres", "ALTER SYSTEM SET primary_conninfo = ''");
      standby.execute("postgres", "SELECT pg_reload_conf()");
      Await.until(
          "it gets nothing any more",
          Duration.ofSeconds(20),
          () -> number(replica, "SELECT count(*) FROM pg_stat_wal_receiver") == 0);
      store(warm, "lost");
      long lost = idOf(source, "lost");
      server.kill();
      standby.execute("postgres", "SELECT pg_promote()");
      assertThat(idOf(replica, "lost")).isZero();
      assertNoticed(warm, source, lost);
    } finally {
      standby.close();
    }
  }

  @Test
  @DisplayName("A copy of the volume put back: the same timeline, an older place in the log")
  void volumePutBack() throws SQLException {
    DataSource source = server.dataSource(database);
    BatchWriter warm = warmWriter(source);
    server.stop();
    server.keepVolume();
    server.start();
    store(warm, "lost");
    long lost = idOf(source, "lost");
    server.stop();
    server.putVolumeBack();
    server.start();
    assertThat(idOf(source, "lost")).isZero();
    assertNoticed(warm, source, lost);
  }

  @Test
  @DisplayName("A restart and a VACUUM are nothing of the kind")
  void nothingLost() throws SQLException {
    DataSource source = server.dataSource(database);
    BatchWriter warm = warmWriter(source);
    long epoch = cache.epoch();
    long id = idOf(source, "a");
    server.stop();
    server.start();
    server.execute(database, "VACUUM (FREEZE) _prom_catalog.incarnation");
    PendingBatch known = known(id, NOW + 1);
    write(warm, known);
    assertThat(known.done()).isCompleted();
    assertThat(cache.epoch()).isEqualTo(epoch);
  }

  @Test
  @DisplayName("A server that does not show its log: the rest is compared")
  void logIsHidden() throws SQLException {
    DataSource source = server.dataSource(database);
    new SchemaMigrator(source).migrate();
    server.execute(database, "REVOKE EXECUTE ON FUNCTION pg_walfile_name(pg_lsn) FROM PUBLIC");
    server.execute(
        database,
        "CREATE ROLE guest LOGIN; GRANT USAGE ON SCHEMA _prom_catalog TO guest;"
            + " GRANT SELECT ON _prom_catalog.incarnation TO guest");
    PGSimpleDataSource guest = server.dataSource(database);
    guest.setUser("guest");
    DatabaseHistory history = new DatabaseHistory();
    try (Connection connection = guest.getConnection()) {
      history.begin(connection);
      DatabaseHistory.Moment one = history.read(connection);
      server.execute(database, "CREATE TABLE something ()");
      assertThat(history.read(connection)).isEqualTo(one);
      assertThat(one.position()).isZero();
      server.execute(database, "UPDATE _prom_catalog.incarnation SET changed_at = now()");
      assertThat(history.read(connection).origin()).isNotEqualTo(one.origin());
    }
  }
}
