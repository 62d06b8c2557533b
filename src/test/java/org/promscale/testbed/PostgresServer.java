package org.promscale.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A PostgreSQL server of its own, from Debian's packages, in a temporary directory. As root it runs
 * as the user {@code postgres}. One thread at a time.
 */
public final class PostgresServer implements AutoCloseable {

  private static final Path BIN = Path.of("/usr/lib/postgresql/15/bin");
  private static final AtomicInteger DATABASES = new AtomicInteger();

  private final Path directory;
  private final int port;

  private PostgresServer(Path directory, int port) {
    this.directory = directory;
    this.port = port;
  }

  /**
   * Starts a server.
   *
   * @param settings settings for {@code postgresql.conf}
   */
  public static PostgresServer start(Map<String, String> settings) {
    if (!Files.isExecutable(BIN.resolve("postgres"))) {
      throw new IllegalStateException(
          "PostgreSQL 15 is missing: install it with 'apt-get install postgresql-15'");
    }
    try {
      Path directory = Files.createTempDirectory("promscale-pg");
      if (isRoot()) {
        run(Duration.ofSeconds(5), "chown", "postgres", directory.toString());
      }
      PostgresServer server = new PostgresServer(directory, freePort());
      server.asPostgres(
          Duration.ofSeconds(60),
          BIN.resolve("initdb").toString(),
          "-D",
          server.data().toString(),
          "-U",
          "postgres",
          "-A",
          "trust",
          "-E",
          "UTF8",
          "--locale=C",
          "--no-sync");
      StringBuilder configuration = new StringBuilder();
      configuration
          .append("port=")
          .append(server.port)
          .append("\nlisten_addresses='127.0.0.1'\nunix_socket_directories=''\n")
          .append("max_connections=100\n");
      settings.forEach((k, v) -> configuration.append(k).append("='").append(v).append("'\n"));
      Path file = server.data().resolve("postgresql.auto.conf");
      Files.writeString(file, configuration);
      server.start();
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts a stopped or killed server again on the same data and port. */
  public void start() {
    asPostgres(
        Duration.ofSeconds(60),
        BIN.resolve("pg_ctl").toString(),
        "-D",
        data().toString(),
        "-w",
        "-l",
        directory.resolve("log").toString(),
        "start");
  }

  /** Stops the server in order: open sessions are ended, data is flushed. */
  public void stop() {
    pgCtlStop("fast");
  }

  /** Stops the server as a crash does: nothing is flushed. */
  public void crash() {
    pgCtlStop("immediate");
  }

  /** Kills every process of the server with SIGKILL. */
  public void kill() {
    signalAll("KILL");
    Await.until(
        "PostgreSQL is gone", Duration.ofSeconds(20), () -> processes().findAny().isEmpty());
  }

  /** Freezes every process of the server. */
  public void freeze() {
    signalAll("STOP");
  }

  /** Lets a frozen server go on. */
  public void unfreeze() {
    signalAll("CONT");
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
    return DriverManager.getConnection(jdbcUrl(database), "postgres", "");
  }

  /** Returns a data source without a pool. */
  public PGSimpleDataSource dataSource(String database) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(jdbcUrl(database));
    source.setUser("postgres");
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
    signalAll("CONT");
    if (processes().findAny().isPresent()) {
      crash();
    }
    run(Duration.ofSeconds(20), "rm", "-rf", directory.toString());
  }

  private String jdbcUrl(String database) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?sslmode=disable";
  }

  private Path data() {
    return directory.resolve("data");
  }

  private void pgCtlStop(String mode) {
    asPostgres(
        Duration.ofSeconds(60),
        BIN.resolve("pg_ctl").toString(),
        "-D",
        data().toString(),
        "-w",
        "-m",
        mode,
        "stop");
  }

  private void signalAll(String signal) {
    List<Long> pids = processes().map(ProcessHandle::pid).toList();
    if (!pids.isEmpty()) {
      List<String> command = new ArrayList<>(List.of("kill", "-" + signal));
      pids.forEach(pid -> command.add(String.valueOf(pid)));
      try {
        new ProcessBuilder(command).inheritIO().start().waitFor();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private Stream<ProcessHandle> processes() {
    Path pidFile = data().resolve("postmaster.pid");
    try {
      if (!Files.exists(pidFile)) {
        return Stream.empty();
      }
      long pid = Long.parseLong(Files.readAllLines(pidFile).get(0).trim());
      return ProcessHandle.of(pid)
          .filter(ProcessHandle::isAlive)
          .map(handle -> Stream.concat(Stream.of(handle), handle.descendants()))
          .orElse(Stream.empty());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void asPostgres(Duration atMost, String... command) {
    List<String> all = new ArrayList<>();
    if (isRoot()) {
      all.addAll(List.of("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"));
    }
    all.addAll(List.of(command));
    run(atMost, all.toArray(String[]::new));
  }

  private static void run(Duration atMost, String... command) {
    try {
      Path output = Files.createTempFile("promscale-run", ".log");
      Process process =
          new ProcessBuilder(command)
              .directory(Path.of("/").toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      if (!process.waitFor(atMost.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException(
            "no end within " + atMost + ": " + String.join(" ", command));
      }
      String text = Files.readString(output);
      Files.delete(output);
      if (process.exitValue() != 0) {
        throw new IllegalStateException(
            String.join(" ", command) + " failed with " + process.exitValue() + ": " + text);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }
}
