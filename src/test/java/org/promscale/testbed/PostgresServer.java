package org.promscale.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A PostgreSQL server of its own, from Debian's packages, in a temporary directory. As root it runs
 * as the user {@code postgres}. One thread at a time, except for connections and {@link #execute}.
 */
public final class PostgresServer extends ServerProcess {

  private static final Path BIN = Path.of("/usr/lib/postgresql/15/bin");
  private static final String SUPERUSER = "postgres";
  private static final AtomicInteger DATABASES = new AtomicInteger();

  private final Path directory;
  private final int port;

  private PostgresServer(Path directory, int port) {
    super("postgresql");
    this.directory = directory;
    this.port = port;
  }

  /**
   * Makes and starts a server. With {@code -Dtest.timescale.preload=true} it loads TimescaleDB,
   * which has to be installed beside PostgreSQL, and every database of the tests has hypertables.
   *
   * @param settings settings for {@code postgresql.conf}
   */
  public static PostgresServer start(Map<String, String> settings) {
    if (!Files.isExecutable(BIN.resolve("postgres"))) {
      throw Programs.missing("PostgreSQL 15", "postgresql-15");
    }
    Path directory = Programs.temporaryDirectory("pg");
    PostgresServer server = new PostgresServer(directory, Programs.freePort());
    server.initialize(settings);
    server.start();
    return server;
  }

  private void initialize(Map<String, String> settings) {
    List<String> initdb =
        List.of(
            BIN.resolve("initdb").toString(),
            "-D",
            data().toString(),
            "-U",
            SUPERUSER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync");
    if (Programs.isRoot()) {
      Programs.run(Duration.ofSeconds(5), List.of("chown", user(), directory.toString()));
      Programs.run(
          Duration.ofSeconds(60),
          Stream.concat(
                  Stream.of(
                      "setpriv", "--reuid=" + user(), "--regid=" + user(), "--init-groups", "--"),
                  initdb.stream())
              .toList());
    } else {
      Programs.run(Duration.ofSeconds(60), initdb);
    }
    StringBuilder configuration = new StringBuilder();
    configuration
        .append("port=")
        .append(port)
        .append("\nlisten_addresses='127.0.0.1'\nunix_socket_directories=''\n")
        .append("max_connections=100\n");
    withTimescale(settings)
        .forEach((k, v) -> configuration.append(k).append("='").append(v).append("'\n"));
    try {
      Files.writeString(data().resolve("postgresql.auto.conf"), configuration);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Makes and starts a hot standby that streams from a server. The primary keeps the data until it
   * has it, if the caller names it in {@code synchronous_standby_names}: {@code walreceiver}.
   */
  public static PostgresServer startStandbyOf(PostgresServer primary) {
    Path directory = Programs.temporaryDirectory("pg");
    PostgresServer standby = new PostgresServer(directory, Programs.freePort());
    Programs.run(Duration.ofSeconds(5), List.of("chown", SUPERUSER, directory.toString()));
    Programs.run(
        Duration.ofSeconds(60),
        List.of(
            "setpriv",
            "--reuid=" + SUPERUSER,
            "--regid=" + SUPERUSER,
            "--init-groups",
            "--",
            BIN.resolve("pg_basebackup").toString(),
            "-h",
            "127.0.0.1",
            "-p",
            String.valueOf(primary.port()),
            "-U",
            SUPERUSER,
            "-D",
            standby.data().toString(),
            "-R",
            "-X",
            "stream",
            "--no-sync",
            "--checkpoint=fast"));
    try {
      Files.writeString(
          standby.data().resolve("postgresql.auto.conf"),
          "port=" + standby.port() + "\n",
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    standby.start();
    return standby;
  }

  private static Map<String, String> withTimescale(Map<String, String> settings) {
    if (!Boolean.getBoolean("test.timescale.preload")) {
      return settings;
    }
    Map<String, String> all = new TreeMap<>(settings);
    all.merge("shared_preload_libraries", "timescaledb", (others, one) -> one + "," + others);
    all.put("timescaledb.telemetry_level", "off");
    return all;
  }

  @Override
  protected List<String> command() {
    return List.of(BIN.resolve("postgres").toString(), "-D", data().toString());
  }

  @Override
  protected boolean isReady() throws SQLException {
    try (Connection connection = connect(SUPERUSER)) {
      return connection.isValid(2);
    }
  }

  @Override
  protected String user() {
    return SUPERUSER;
  }

  @Override
  protected String deathSignal() {
    return "QUIT";
  }

  @Override
  protected Stream<ProcessHandle> processes() {
    return super.processes().flatMap(p -> Stream.concat(Stream.of(p), p.descendants()));
  }

  /** A "fast" stop: open sessions are ended, data is flushed. */
  @Override
  protected void askToEnd() {
    signal("INT", processes().limit(1));
  }

  /** Stops the server as a crash does: nothing is flushed. */
  public void crash() {
    signal("QUIT", processes().limit(1));
    awaitEnd(stopLimit());
  }

  /** Returns the CPU seconds of the server with all its sessions, ended ones included. */
  @Override
  public double cpuSeconds() {
    // The sessions first: one that ends before it is asked is counted with the server.
    double sessions = processes().skip(1).mapToDouble(p -> CpuTime.ofWhoMayEnd(p.pid())).sum();
    return sessions + CpuTime.withEndedChildren(pid());
  }

  /** Makes a fresh database and returns its name. */
  public String createDatabase() {
    String name = "test_" + DATABASES.incrementAndGet();
    execute("postgres", "CREATE DATABASE " + name);
    return name;
  }

  /** Runs a statement as the superuser. */
  public void execute(String database, String sql) {
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** Opens a connection as the superuser. */
  public Connection connect(String database) throws SQLException {
    return dataSource(database).getConnection();
  }

  /** Returns a data source without a pool. */
  public PGSimpleDataSource dataSource(String database) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl("jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?sslmode=disable");
    source.setUser(SUPERUSER);
    return source;
  }

  /** Returns the address for {@code -db.uri}. */
  public String uri(String database) {
    return "postgres://postgres@127.0.0.1:" + port + "/" + database + "?sslmode=disable";
  }

  /** Returns the server's port on the loopback address. */
  public int port() {
    return port;
  }

  @Override
  public void close() {
    unfreeze();
    if (isAlive()) {
      crash();
    }
    Programs.delete(directory);
  }

  /** Keeps a copy of the volume, as of now; the server must be stopped. */
  public void keepVolume() {
    Programs.run(Duration.ofSeconds(60), List.of("cp", "-a", data().toString(), kept().toString()));
  }

  /** Puts the copy of the volume back in place of what there is; the server must be stopped. */
  public void putVolumeBack() {
    Programs.delete(data());
    Programs.run(Duration.ofSeconds(60), List.of("mv", kept().toString(), data().toString()));
  }

  private Path kept() {
    return directory.resolve("kept");
  }

  private Path data() {
    return directory.resolve("data");
  }
}
