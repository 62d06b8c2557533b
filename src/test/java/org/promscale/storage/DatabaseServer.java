package org.promscale.storage;

import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Assumptions;
import org.postgresql.ds.PGSimpleDataSource;
import org.promscale.testbed.PostgresServer;

/** A server on which tests make databases: one of our own, or a given one with TimescaleDB. */
interface DatabaseServer extends AutoCloseable {

  /** Makes an empty database and returns connections of its owner. */
  DataSource createDatabase();

  @Override
  void close();

  /** Tells whether the server of {@link #plain} loads TimescaleDB all the same. */
  static boolean plainHasTimescale() {
    return Boolean.getBoolean("test.timescale.preload");
  }

  /** Starts a PostgreSQL, plain unless {@code test.timescale.preload} is set. */
  static DatabaseServer plain() {
    PostgresServer server = PostgresServer.start(Map.of());
    return new DatabaseServer() {
      @Override
      public DataSource createDatabase() {
        return server.dataSource(server.createDatabase());
      }

      @Override
      public void close() {
        server.close();
      }
    };
  }

  /**
   * Uses the server with TimescaleDB that {@code test.timescale.uri} names, or our own one if it
   * preloads the extension; without either says aloud that the class is not run, and aborts it.
   *
   * @param tested what is not run then, in words
   */
  static DatabaseServer timescale(String tested) {
    String uri = System.getProperty("test.timescale.uri", "");
    if (!uri.isEmpty()) {
      return at(uri);
    }
    if (!plainHasTimescale()) {
      System.out.println(
          "NOT RUN: " + tested + ". Give a server with -Dtest.timescale.uri=postgres://…");
      Assumptions.abort("no server with TimescaleDB given");
    }
    return plain();
  }

  /** Uses the server at this address; drops what it made when closed. */
  static DatabaseServer at(String uri) {
    return new GivenServer(URI.create(uri));
  }

  /** The server that the system property {@code test.timescale.uri} names. */
  final class GivenServer implements DatabaseServer {

    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private final URI uri;
    private final List<String> made = new java.util.ArrayList<>();

    private GivenServer(URI uri) {
      this.uri = uri;
    }

    @Override
    public DataSource createDatabase() {
      String name =
          "promscale_it_" + ProcessHandle.current().pid() + "_" + NUMBERS.incrementAndGet();
      execute("CREATE DATABASE " + name + " TEMPLATE template0 ENCODING 'UTF8'");
      made.add(name);
      return dataSource("/" + name);
    }

    @Override
    public void close() {
      made.forEach(name -> execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"));
    }

    private void execute(String sql) {
      try (Connection connection = dataSource(uri.getPath()).getConnection();
          Statement statement = connection.createStatement()) {
        statement.execute(sql);
      } catch (SQLException e) {
        throw new IllegalStateException(sql, e);
      }
    }

    private DataSource dataSource(String path) {
      PGSimpleDataSource source = new PGSimpleDataSource();
      String query = uri.getQuery() == null ? "" : "?" + uri.getQuery();
      source.setUrl("jdbc:postgresql://" + uri.getHost() + ":" + port() + path + query);
      String[] user = String.valueOf(uri.getUserInfo()).split(":", 2);
      source.setUser(user[0]);
      source.setPassword(user.length > 1 ? user[1] : "");
      return source;
    }

    private int port() {
      return uri.getPort() < 0 ? 5432 : uri.getPort();
    }
  }
}
