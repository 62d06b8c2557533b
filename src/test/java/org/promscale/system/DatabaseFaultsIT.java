package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.DatabaseLink;
import org.promscale.testbed.Poison;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.WireLabels;
import org.promscale.wire.proto.RemoteWriteV1.TimeSeries;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/**
 * What may happen to a database under load. Afterwards the same process goes on, the sender has
 * dropped nothing, and whatever was acknowledged is stored. {@link OutageIT} stops and freezes it.
 */
@Tag("long")
@SuppressWarnings("NullAway.Init") // each test starts its own
class DatabaseFaultsIT {

  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final List<AutoCloseable> opened = new ArrayList<>();
  private PostgresServer postgres;
  private String database = "";
  private SteadyLoad load;

  private <T extends AutoCloseable> T opened(T one) {
    opened.add(0, one);
    return one;
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : opened) {
      one.close();
    }
  }

  private void startDatabase(Map<String, String> settings) {
    postgres = opened(PostgresServer.start(settings));
    database = postgres.createDatabase();
  }

  private void startLoad(String... flags) {
    load = opened(new SteadyLoad(postgres.uri(database), flags));
  }

  private void assertRecovered(String fault) throws Exception {
    load.assertRecovered("DatabaseFaultsIT: " + fault, postgres.dataSource(database));
  }

  @Test
  @DisplayName("killed, three times")
  void killed() throws Exception {
    startDatabase(Map.of());
    startLoad();
    for (int i = 0; i < 3; i++) {
      postgres.kill();
      postgres.start();
      load.awaitMore(20);
    }
    assertRecovered("killed");
  }

  @Test
  @DisplayName("sessions ended by an operator, forty times, also in COPY")
  void sessionsEnded() throws Exception {
    startDatabase(Map.of());
    startLoad();
    int inCopy = 0;
    for (int i = 0; i < 40; i++) {
      List<String> ended =
          Rows.of(
              postgres.dataSource(database),
              "SELECT query LIKE 'COPY%' AND state = 'active' FROM (SELECT query, state,"
                  + " pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
                  + " current_database() AND pid <> pg_backend_pid()) ended");
      inCopy += (int) ended.stream().filter("t"::equals).count();
      load.awaitMore(3);
    }
    System.out.println("DatabaseFaultsIT: sessions ended in COPY: " + inCopy);
    assertRecovered("sessions ended");
  }

  @Test
  @DisplayName("connections cut half-way, ten times")
  void connectionsCut() throws Exception {
    startDatabase(Map.of());
    DatabaseLink link = opened(DatabaseLink.startTo(postgres.port()));
    load = opened(new SteadyLoad(link.uriOf(database)));
    for (int i = 0; i < 10; i++) {
      link.kill();
      link.start();
      load.awaitMore(20);
    }
    assertRecovered("connections cut");
  }

  @Test
  @DisplayName("no connection left for the connector")
  void outOfConnections() throws Exception {
    startDatabase(Map.of("max_connections", "20"));
    startLoad("-db.connections-max=10");
    List<Connection> hoard = new ArrayList<>();
    Await.until(
        "not ready, all connections are ours",
        PATIENCE,
        () -> {
          hoard(postgres, database, hoard);
          return !load.isReady();
        });
    RemoteWriteClient.Answer answer =
        new RemoteWriteClient().write(load.connector().writeUri(), one());
    assertThat(answer.status()).as(answer.body()).isEqualTo(503);
    for (Connection connection : hoard) {
      connection.close();
    }
    assertRecovered("out of connections");
  }

  /** Ends the connector's sessions with the first of ours, and takes what gets free. */
  private static void hoard(PostgresServer postgres, String database, List<Connection> hoard)
      throws SQLException {
    if (hoard.isEmpty()) {
      hoard.add(postgres.connect(database));
    }
    try (Statement statement = hoard.get(0).createStatement()) {
      statement.execute(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ="
              + " 'promscale'");
    }
    try {
      while (hoard.size() < 100) {
        hoard.add(postgres.connect(database));
      }
    } catch (SQLException e) {
      assertThat(e.getSQLState()).isEqualTo("53300"); // too many connections
    }
  }

  @Test
  @DisplayName("a full disk")
  void fullDisk() throws Exception {
    startDatabase(Map.of());
    Path disk = Files.createTempDirectory("promscale-disk").toAbsolutePath();
    run("mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", disk.toString());
    try {
      run("chown", "postgres", disk.toString());
      postgres.execute("postgres", "CREATE TABLESPACE small LOCATION '" + disk + "'");
      postgres.execute("postgres", "CREATE DATABASE full_disk TABLESPACE small");
      database = "full_disk";
      startLoad();
      Path ballast = disk.resolve("ballast");
      fill(ballast);
      Await.until(
          "the sender is refused",
          PATIENCE,
          () -> load.sender().refusals().keySet().toString().contains("503"));
      Await.until("the disk is full for a while", PATIENCE, () -> load.sender().retries() > 20);
      Files.delete(ballast);
      assertRecovered("full disk");
    } finally {
      close();
      opened.clear();
      run("umount", disk.toString());
      Files.delete(disk);
    }
  }

  private static void fill(Path ballast) throws IOException {
    byte[] block = new byte[8_192];
    try (var out = Files.newOutputStream(ballast)) {
      while (true) {
        out.write(block);
      }
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("No space left");
    }
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertThat(process.waitFor()).as(String.join(" ", command)).isZero();
  }

  @Test
  @DisplayName("a deadlock is tried again inside, the sender never sees it")
  void deadlock() throws Exception {
    startDatabase(Map.of());
    startLoad();
    long now = System.currentTimeMillis();
    WriteRequest known = two(now);
    assertThat(new RemoteWriteClient().write(load.connector().writeUri(), known).status())
        .isEqualTo(204);
    List<String> ids =
        Rows.of(
            postgres.dataSource(database),
            "SELECT id FROM _prom_catalog.series WHERE labels->>'__name__' = 'two' ORDER BY id");
    try (Connection other = postgres.connect(database);
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("SET deadlock_timeout = '60s'");
      statement.execute(insert(ids.get(1), now + 1));
      CompletableFuture<RemoteWriteClient.Answer> answer =
          CompletableFuture.supplyAsync(() -> written(two(now + 1)));
      Await.until("COPY waits", PATIENCE, () -> copiesThatWait(postgres, database) > 0);
      statement.execute(insert(ids.get(0), now + 1));
      other.commit();
      assertThat(answer.get(60, TimeUnit.SECONDS).status()).isEqualTo(204);
    }
    assertThat(
            Rows.of(
                postgres.dataSource(database),
                "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))
        .as("the database saw a deadlock")
        .doesNotContain("0");
    assertRecovered("deadlock");
  }

  @Test
  @DisplayName("a sample that PostgreSQL refuses is refused alone, time and again")
  void poison() throws Exception {
    startDatabase(Map.of());
    startLoad();
    postgres.execute(database, Poison.SQL);
    for (int i = 0; i < 20; i++) {
      WriteRequest poison =
          WireLabels.request(
              Map.of("__name__", "poison"), System.currentTimeMillis(), Poison.VALUE);
      RemoteWriteClient.Answer answer = written(poison);
      assertThat(answer.status()).as(answer.body()).isEqualTo(400);
    }
    assertThat(load.sender().refusals()).as("the neighbours").isEmpty();
    assertRecovered("poison");
  }

  @Test
  @DisplayName("ids that may have changed, told as the page says")
  void restored() throws Exception {
    startDatabase(Map.of());
    startLoad();
    String page = Files.readString(Path.of("docs/database.md"));
    String script = page.substring(page.indexOf("SET LOCAL lock_timeout = '1s';"));
    postgres.execute(database, "BEGIN; " + script.substring(0, script.indexOf("```")));
    Await.until("the sender is told", PATIENCE, () -> load.sender().refusals().containsKey("503"));
    assertRecovered("restored");
  }

  private static long copiesThatWait(PostgresServer postgres, String database) throws SQLException {
    return Rows.of(
            postgres.dataSource(database),
            "SELECT pid FROM pg_stat_activity WHERE query LIKE 'COPY%' AND wait_event_type ="
                + " 'Lock'")
        .size();
  }

  private static String insert(String id, long timeMs) {
    return "INSERT INTO prom_data.sample (time, series_id, value) VALUES (_prom_catalog.data_time("
        + timeMs
        + "), "
        + id
        + ", 7)";
  }

  private RemoteWriteClient.Answer written(WriteRequest request) {
    try {
      return new RemoteWriteClient().write(load.connector().writeUri(), request);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static WriteRequest two(long timeMs) {
    WriteRequest.Builder request = WriteRequest.newBuilder();
    for (String number : List.of("1", "2")) {
      TimeSeries one =
          WireLabels.request(Map.of("__name__", "two", "number", number), timeMs, 1)
              .getTimeseries(0);
      request.addTimeseries(one);
    }
    return request.build();
  }

  private static WriteRequest one() {
    return WireLabels.request(Map.of("__name__", "one"), System.currentTimeMillis(), 1);
  }

  @Test
  @DisplayName("a streaming replica promoted after the primary was killed")
  void promotion() throws Exception {
    startDatabase(Map.of());
    PostgresServer primary = postgres;
    PostgresServer standby = opened(PostgresServer.startStandbyOf(primary));
    primary.execute("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'walreceiver'");
    primary.execute("postgres", "SELECT pg_reload_conf()");
    postgres = standby; // what is left at the end
    String uri =
        "postgres://postgres@127.0.0.1:%d,127.0.0.1:%d/%s?sslmode=disable&targetServerType=primary"
            .formatted(primary.port(), standby.port(), database);
    load = opened(new SteadyLoad(uri));
    primary.kill();
    standby.execute("postgres", "SELECT pg_promote()");
    assertRecovered("promotion");
  }
}
