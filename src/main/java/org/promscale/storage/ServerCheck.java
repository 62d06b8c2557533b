package org.promscale.storage;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;

/** What a server must be like before it is migrated, in sentences for an operator. */
final class ServerCheck {

  static final String INSUFFICIENT_PRIVILEGE = "42501";

  private static final int SCHEMA_COUNT = 6;

  private ServerCheck() {}

  static void requireUsable(Connection connection, int oldestServer) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT current_setting('server_version_num')::int / 10000,"
                    + " current_setting('server_version'), pg_is_in_recovery(),"
                    + " current_setting('server_encoding'), current_database()")) {
      row.next();
      if (row.getInt(1) < oldestServer) {
        throw new SchemaException(
            "The server is PostgreSQL "
                + row.getString(2)
                + ", Promscale needs version "
                + oldestServer
                + " or newer: upgrade the server or use another one.");
      }
      if (row.getBoolean(3)) {
        throw new SchemaException(
            "The server is a standby and accepts no writes: give Promscale the address of the"
                + " primary, for instance with all hosts in the URI and"
                + " targetServerType=primary.");
      }
      if (!"UTF8".equals(row.getString(4))) {
        throw new SchemaException(
            "The database "
                + row.getString(5)
                + " has the encoding "
                + row.getString(4)
                + ", labels need UTF8: use a database made with CREATE DATABASE … ENCODING 'UTF8'"
                + " TEMPLATE template0.");
      }
    }
  }

  /** A change of leader must see what was committed while it waited for its locks. */
  static void requireReadCommitted(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW transaction_isolation")) {
      row.next();
      if (!"read committed".equals(row.getString(1))) {
        throw new SchemaException(
            "Transactions run at isolation level '"
                + row.getString(1)
                + "', high availability needs 'read committed': set it on the data source, or ALTER"
                + " ROLE … SET default_transaction_isolation = 'read committed'.");
      }
    }
  }

  /** Whoever migrates creates the schemas, or owns all of them already. */
  static void requireMayCreate(Connection connection) throws SQLException {
    String sql =
        "SELECT has_database_privilege(current_database(), 'CREATE'),"
            + " count(*), string_agg(nspname, ', ') FILTER (WHERE NOT pg_has_role(nspowner,"
            + " 'USAGE')), quote_ident(current_database()), quote_ident(current_user)"
            + " FROM pg_namespace WHERE nspname IN ('_prom_catalog', 'prom_data', 'prom_metric',"
            + " 'prom_series', 'prom_info', 'prom_api')";
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      String user = row.getString(5);
      String foreign = row.getString(3);
      if (foreign != null) {
        throw new SchemaException(
            "The schemas "
                + foreign
                + " belong to another user, so "
                + user
                + " cannot migrate them: start this version of Promscale once as their owner, or"
                + " GRANT the owner's role TO "
                + user
                + ".");
      }
      if (!row.getBoolean(1) && row.getInt(2) < SCHEMA_COUNT) {
        throw new SchemaException(rightToCreate(row.getString(4), user));
      }
    }
  }

  static SchemaException missingRight(DataSource dataSource, SQLException cause)
      throws SQLException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT quote_ident(current_database()), quote_ident(current_user)")) {
      row.next();
      return new SchemaException(
          rightToCreate(row.getString(1), row.getString(2))
              + " The server said: "
              + cause.getMessage(),
          cause);
    }
  }

  /** Tells whether the connection, not the statement, was the trouble. */
  static boolean isConnectionTrouble(SQLException e) {
    String state = e.getSQLState();
    return state == null || state.startsWith("08") || state.startsWith("57P");
  }

  private static String rightToCreate(String database, String user) {
    return "The database user "
        + user
        + " may not create what Promscale needs: run GRANT CREATE ON DATABASE "
        + database
        + " TO "
        + user
        + " as the owner of the database.";
  }
}
