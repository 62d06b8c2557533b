package org.promscale.launcher;

import java.util.List;

/**
 * The server's connection pool, as the commands that make it. It works before the database does:
 * connections are opened on demand, and a request for one fails after seconds, not minutes.
 *
 * <p>Where the database is and how to log in travels in a system property, which the server looks
 * up by itself: neither a file nor the server's configuration holds the password.
 */
final class ConnectionPool {
  private static final String NAME = "promscale";
  private static final String RESOURCE = "jdbc/promscale";
  private static final String URL = "org.promscale.launcher.database-url";

  private final int connections;

  /**
   * Describes a pool.
   *
   * @param connections the most connections it opens
   */
  ConnectionPool(int connections) {
    this.connections = connections;
  }

  /** Publishes the database's address in a system property of this process. */
  static void publish(DatabaseAddress address) {
    // User and password percent-encoded inside of the URL: the server would look for ${names} in
    // values of their own, and put something else in their place.
    System.setProperty(URL, address.jdbcUrlWithLogin());
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
            "--property=url=${" + URL + "}",
            NAME),
        // Else every connection that broke costs a stack trace in the log.
        List.of(
            "set", "resources.jdbc-connection-pool." + NAME + ".skip-client-info-validation=true"),
        List.of("create-jdbc-resource", "--connectionpoolid=" + NAME, RESOURCE));
  }
}
