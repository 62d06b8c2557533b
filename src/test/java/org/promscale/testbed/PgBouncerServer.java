package org.promscale.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Debian's {@code pgbouncer} in front of a PostgreSQL server: a session of the database serves
 * whoever has a transaction just now. One thread at a time.
 */
public final class PgBouncerServer extends ServerProcess {

  private static final String USER = "postgres";

  private final String program = Programs.require("pgbouncer", "pgbouncer");
  private final Path directory = Programs.temporaryDirectory("pgbouncer");
  private final int port = Programs.freePort();
  private final PostgresServer postgres;
  private final int sessions;

  private PgBouncerServer(PostgresServer postgres, int sessions) {
    super("pgbouncer");
    this.postgres = postgres;
    this.sessions = sessions;
  }

  /**
   * Starts one that pools transactions.
   *
   * @param sessions the most sessions of the database
   */
  public static PgBouncerServer startBefore(PostgresServer postgres, int sessions) {
    PgBouncerServer bouncer = new PgBouncerServer(postgres, sessions);
    bouncer.start();
    return bouncer;
  }

  @Override
  protected List<String> command() {
    Path file = directory.resolve("pgbouncer.ini");
    Path users = directory.resolve("users.txt");
    try {
      Files.writeString(users, "\"" + USER + "\" \"\"\n");
      Files.writeString(
          file,
          String.join(
              "\n",
              "[databases]",
              "* = host=127.0.0.1 port=" + postgres.port(),
              "[pgbouncer]",
              "listen_addr = 127.0.0.1",
              "listen_port = " + port,
              "unix_socket_dir =",
              "auth_type = trust",
              "auth_file = " + users,
              "pool_mode = transaction",
              "default_pool_size = " + sessions,
              "ignore_startup_parameters = extra_float_digits",
              ""));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (Programs.isRoot()) {
      Programs.run(Duration.ofSeconds(5), List.of("chown", "-R", USER, directory.toString()));
    }
    return List.of(program, file.toAbsolutePath().toString());
  }

  @Override
  protected String user() {
    return USER;
  }

  @Override
  protected boolean isReady() throws Exception {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl("jdbc:postgresql://127.0.0.1:" + port + "/postgres?sslmode=disable");
    source.setUser(USER);
    try (Connection connection = source.getConnection()) {
      return connection.isValid(2);
    }
  }

  /** Returns the address for {@code -db.uri}, with further parameters of the driver. */
  public String uriOf(String database, String parameters) {
    return "postgres://postgres@127.0.0.1:"
        + port
        + "/"
        + database
        + "?sslmode=disable"
        + parameters;
  }

  @Override
  public void close() {
    super.close();
    Programs.delete(directory);
  }
}
