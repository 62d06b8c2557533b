package org.promscale.storage;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import javax.sql.DataSource;

/** What a server must be like before it is migrated, in sentences for an operator. */
final class ServerCheck {

  static final String INSUFFICIENT_PRIVILEGE = "42501";

  private static final String POSTGRES = "PostgreSQL";
  private static final int SCHEMA_COUNT = 6;

  private static final String STANDBY =
      "The server is a standby and accepts no writes: give Promscale the address of the primary,"
          + " for instance with all hosts in the URI and targetServerType=primary.";

  private static final String LACKING =
      """
      SELECT quote_ident(current_user),
             string_agg(n.nspname || '.' || c.relname, ', ' ORDER BY c.relname),
             quote_ident(pg_get_userbyid(min(c.relowner)))
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE (n.nspname, c.relname) IN (('_prom_catalog', 'schema_history'),
             ('_prom_catalog', 'series'), ('_prom_catalog', 'ha_progress'),
             ('prom_data', 'sample'))
         AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
             AND (c.relname = 'schema_history' OR has_table_privilege(c.oid, 'INSERT')))
      """;

  private ServerCheck() {}

  /**
   * Returns why a database that answers takes no writes, empty if nothing is known of it. It is
   * asked all the time: roles of servers change, and hosts make a full database read-only.
   */
  static Optional<String> refusal(Connection connection, boolean isStandby, boolean readsOnly)
      throws SQLException {
    if (isStandby) {
      return Optional.of(STANDBY);
    }
    if (readsOnly || connection.isReadOnly()) {
      return Optional.of(
          "Transactions are read-only: switch readOnly off on the data source, and ALTER ROLE …"
              + " RESET default_transaction_read_only, or of the database; some hosts set it while"
              + " the disk is full.");
    }
    return Optional.empty();
  }

  /** Refuses what is no PostgreSQL, before it is asked anything in PostgreSQL's dialect. */
  static void requirePostgres(Connection connection) throws SQLException {
    String product = connection.getMetaData().getDatabaseProductName();
    if (!POSTGRES.equals(product)) {
      throw new SchemaException(
          "The data source jdbc/promscale leads to "
              + product
              + ", Promscale needs PostgreSQL: correct the data source, or what the application's"
              + " reference is mapped to.");
    }
  }

  static void requireUsable(Connection connection, int oldestServer) throws SQLException {
    requirePostgres(connection);
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT current_setting('server_version_num')::int / 10000,"
                    + " current_setting('server_version'), pg_is_in_recovery(),"
                    + " current_setting('server_encoding'), current_database(),"
                    + " current_setting('transaction_read_only')::boolean")) {
      row.next();
      if (row.getInt(1) < oldestServer) {
        throw new SchemaException(
            "The server is PostgreSQL "
                + row.getString(2)
                + ", Promscale needs version "
                + oldestServer
                + " or newer: upgrade the server or use another one.");
      }
      Optional<String> refusal = refusal(connection, row.getBoolean(3), row.getBoolean(6));
      if (refusal.isPresent()) {
        throw new SchemaException(refusal.get());
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

  /** Whoever comes to a database with a schema needs rights there, whoever made it. */
  static void requireMayStore(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(LACKING)) {
      row.next();
      if (row.getString(2) != null) {
        throw new SchemaException(
            "The database user "
                + row.getString(1)
                + " may not store: it lacks rights on "
                + row.getString(2)
                + ". Run GRANT prom_writer TO "
                + row.getString(1)
                + " as a superuser, or let Promscale connect as their owner, "
                + row.getString(3)
                + ".");
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
