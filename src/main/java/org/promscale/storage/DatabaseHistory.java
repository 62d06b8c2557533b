package org.promscale.storage;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;

/**
 * What tells one history of a database from another. Whoever deletes ids changes the catalog's
 * token; who restores a backup or promotes a standby may not know that there is one, but cannot
 * help changing something else:
 *
 * <ul>
 *   <li>the timeline, at a promotion and at a recovery to a point in time;
 *   <li>the database's oid, the oid of the token's table, the transaction that wrote the token, at
 *       a restore from a dump and from a template;
 *   <li>the position in the write-ahead log, which is lower than it was when a copy of the volume
 *       was put back, or a crash has lost what had not been flushed.
 * </ul>
 *
 * <p>It is asked together with the token, in one statement. Thread-safe.
 *
 * @see <a href="https://www.postgresql.org/docs/15/continuous-archiving.html#BACKUP-TIMELINES">
 *     Timelines</a>
 */
final class DatabaseHistory {

  private static final Logger LOG = System.getLogger(DatabaseHistory.class.getName());

  /** Two statements: the second must not see with the snapshot of before the wait. */
  private static final String LOCK =
      "SELECT pg_advisory_xact_lock_shared(_prom_catalog.lock_key('incarnation')); ";

  private static final String ORIGIN =
      "concat_ws('/', (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()),"
          + " i.tableoid, i.xmin";

  private static final String FROM = " FROM _prom_catalog.incarnation i";

  private static final String TIMELINE = "left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)";

  private static final String POSITION = "(pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint";

  /** A standby: it will be promoted, or the pool will find the primary. */
  private static final String IN_RECOVERY = "55000";

  /**
   * A moment in a history.
   *
   * @param token what the catalog carries
   * @param origin the same text as long as nothing was restored or promoted
   * @param position in the write-ahead log, in bytes; 0 where the server does not tell
   */
  record Moment(UUID token, String origin, long position) {}

  private volatile String query = query(true);

  private static String query(boolean withLog) {
    return LOCK
        + "SELECT i.token, "
        + ORIGIN
        + (withLog ? ", " + TIMELINE + "), " + POSITION : "), 0::bigint")
        + FROM;
  }

  /**
   * Finds out what this server tells: some that are sold as a service do not show their log.
   *
   * @param connection with auto-commit
   */
  void begin(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT " + TIMELINE + ", " + POSITION);
    } catch (SQLException e) {
      if (IN_RECOVERY.equals(e.getSQLState()) || !connection.isValid(1)) {
        throw e;
      }
      LOG.log(
          Level.WARNING,
          "The server does not show its write-ahead log ({0}): after a promotion, or when a copy of"
              + " its volume was put back, run the SQL of docs/database.md, After a restore",
          e.getMessage());
      query = query(false);
    }
  }

  /** Returns where the database is now; waits for deletions of ids that are under way. */
  Moment read(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(query);
      statement.getMoreResults();
      try (ResultSet row = statement.getResultSet()) {
        if (!row.next()) {
          throw new SQLException("_prom_catalog.incarnation is empty");
        }
        return new Moment(row.getObject(1, UUID.class), row.getString(2), row.getLong(3));
      }
    }
  }
}
