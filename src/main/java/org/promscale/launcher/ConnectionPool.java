package org.promscale.launcher;

import java.util.List;

/**
 * The server's connection pool, as the commands that make it. It works before the database does:
 * connections are opened on demand, and a request for one fails after seconds, not minutes.
 *
 * <p>Where the database is and how to log in travels in system properties, which the server looks
 * up by itself: neither a file nor the server's configuration holds the password.
 */
final class ConnectionPool {
  private static final String NAME = "promscale";
  private static final String RESOURCE = "jdbc/promscale";
  private static final String PREFIX = "org.promscale.launcher.database.";
  private static final String URL = PREFIX + "url";
  private static final String USER = PREFIX + "user";
  private static final String PASSWORD = PREFIX + "password";

  private final int connections;

  /**
   * Describes a pool.
   *
   * @param connections the most connections it opens
   */
  ConnectionPool(int connections) {
    this.connections = connections;
  }

  /** Publishes the database's address in system properties of this process. */
  static void publish(DatabaseAddress address) {
    System.setProperty(URL, address.jdbcUrl());
    System.setProperty(USER, address.user());
    System.setProperty(PASSWORD, address.password());
  }

  /** Returns the commands in order, each with its arguments. */
  List<List<String>> commands() {
    return List.of(
        List.of(
            "create-jdbc-connection-pool",
            "--datasourceclassname=org.postgresql.ds.PGSimpleDataSource",
            "--restype=javax.sql.DataSource",
            "--steadypoolsize=0",
            "--maxpoolsize=" + connections,
            "--poolresize=" + Math.min(2, connections),
            "--idletimeout=300",
            "--maxwait=5000",
            // After a restart of the database the first broken connection takes all others along.
            "--isconnectvalidatereq=true",
            "--validationmethod=custom-validation",
            "--validationclassname=org.glassfish.api.jdbc.validation.JDBC40ConnectionValidation",
            "--validateatmostonceperiod=1",
            "--failconnection=true",
            "--property=url=${" + URL + "}:user=${" + USER + "}:password=${" + PASSWORD + "}",
            NAME),
        List.of("create-jdbc-resource", "--connectionpoolid=" + NAME, RESOURCE));
  }
}
