package org.promscale.storage;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jspecify.annotations.Nullable;

/**
 * Brings the database to the schema that this version of the application knows. Any number of
 * connectors may do so at once: one works, the others wait for it.
 *
 * <p>Thread-safe. Takes up to three connections from the pool while migrating.
 */
public final class SchemaMigrator {

  /** The version of the schema that this application was built for. */
  public static final int KNOWN_VERSION = MigrationFiles.NEWEST_VERSION;

  private static final System.Logger LOG = System.getLogger(SchemaMigrator.class.getName());
  private static final String HISTORY = "schema_history";
  private static final int OLDEST_SERVER = 15;

  /** Seconds to wait for another connector that is migrating. */
  private static final int PATIENCE = 300;

  private final DataSource dataSource;

  /** Makes a migrator; nothing is done before {@link #migrate()}. */
  public SchemaMigrator(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /**
   * Checks the database and applies the migrations it lacks. Does nothing but the checks when it
   * lacks none, so a user without the right to create things can run a connector.
   *
   * @throws SchemaException if a person has to change something first
   * @throws SQLException if the database cannot be reached or broke off; trying again may help
   */
  public void migrate() throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      ServerCheck.requireUsable(connection, OLDEST_SERVER);
      ServerCheck.requireMayStore(connection);
      int found = installedVersion(connection);
      refuseNewer(found);
      if (found == KNOWN_VERSION) {
        applyGrants(connection);
        return;
      }
      ServerCheck.requireMayCreate(connection);
    }
    runFlyway();
    try (Connection connection = dataSource.getConnection()) {
      // A newer connector may have been the one we waited for.
      refuseNewer(installedVersion(connection));
    }
  }

  /**
   * Tells whether the schema is there and at least as new as this application. Newer is fine for a
   * connector that runs already: migrations only add.
   */
  public boolean isCurrent() throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      return installedVersion(connection) >= KNOWN_VERSION;
    }
  }

  private void runFlyway() throws SQLException {
    try {
      Flyway.configure(SchemaMigrator.class.getClassLoader())
          .dataSource(dataSource)
          .resourceProvider(new MigrationFiles())
          .defaultSchema("_prom_catalog")
          .table(HISTORY)
          .placeholderReplacement(false)
          .group(true)
          .cleanDisabled(true)
          .baselineOnMigrate(false)
          .lockRetryCount(PATIENCE)
          .callbacks(new ShortLocks())
          .load()
          .migrate();
    } catch (FlywayException e) {
      SQLException cause = sqlCause(e);
      if (cause != null && ServerCheck.isConnectionTrouble(cause)) {
        throw cause;
      }
      if (cause != null && ShortLocks.mayTryAgain(cause)) {
        throw new SQLException(
            "the schema is not migrated yet, another session uses a table: "
                + String.valueOf(cause.getMessage()).lines().findFirst().orElse(""),
            cause.getSQLState(),
            cause);
      }
      if (cause != null && ServerCheck.INSUFFICIENT_PRIVILEGE.equals(cause.getSQLState())) {
        throw ServerCheck.missingRight(dataSource, cause);
      }
      throw new SchemaException("The database schema could not be migrated: " + e.getMessage(), e);
    }
  }

  private static void refuseNewer(int found) {
    if (found > KNOWN_VERSION) {
      throw new SchemaException(
          "The database has schema version "
              + found
              + ", this Promscale knows versions up to "
              + KNOWN_VERSION
              + ": start a version of Promscale at least as new as the one that migrated it.");
    }
  }

  private static int installedVersion(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      try (ResultSet row =
          statement.executeQuery("SELECT to_regclass('_prom_catalog." + HISTORY + "') IS NULL")) {
        row.next();
        if (row.getBoolean(1)) {
          return 0;
        }
      }
      try (ResultSet row =
          statement.executeQuery(
              "SELECT coalesce(max(version::int), 0) FROM _prom_catalog."
                  + HISTORY
                  + " WHERE success AND version ~ '^[0-9]+$'")) {
        row.next();
        return row.getInt(1);
      }
    }
  }

  /** Roles may have been made since; only the owner can give rights, others leave it. */
  private static void applyGrants(Connection connection) throws SQLException {
    String lacking =
        "SELECT bool_or(NOT has_schema_privilege(r.oid, '_prom_catalog', 'USAGE'))"
            + " FROM pg_roles r WHERE r.rolname IN ('prom_reader', 'prom_writer', 'prom_admin')"
            + " AND (SELECT pg_has_role(n.nspowner, 'USAGE') FROM pg_namespace n"
            + " WHERE n.nspname = '_prom_catalog')";
    try (Statement statement = connection.createStatement()) {
      try (ResultSet row = statement.executeQuery(lacking)) {
        row.next();
        if (!row.getBoolean(1)) {
          return;
        }
      }
      statement.execute("SELECT _prom_catalog.apply_grants()");
      LOG.log(
          System.Logger.Level.INFO,
          "Gave the roles prom_reader, prom_writer and prom_admin their rights");
    } finally {
      if (!connection.getAutoCommit()) {
        connection.commit();
      }
    }
  }

  private static @Nullable SQLException sqlCause(Throwable thrown) {
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      if (t instanceof SQLException sql) {
        return sql;
      }
    }
    return null;
  }
}
