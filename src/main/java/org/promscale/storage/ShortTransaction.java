package org.promscale.storage;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;

/**
 * A transaction that commits its own work, and starts again where two connectors got into each
 * other's way. The connection is between transactions before and after, whatever happens.
 */
final class ShortTransaction {

  /** Statements of one transaction; may run several times, the last time decides. */
  @FunctionalInterface
  interface Work<T> {
    T run(Connection connection) throws SQLException;
  }

  private ShortTransaction() {}

  /**
   * Lets the transaction that is under way, or begins with this, wait a second for a lock; then it
   * fails with state 55P03.
   */
  static void waitBriefly(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET LOCAL lock_timeout = '1s'");
    }
  }

  /**
   * Runs the work and commits.
   *
   * @param connection without auto-commit and without an open transaction
   * @param attempts how often the work runs at most
   * @param retryStates SQLSTATEs after which the work runs again
   */
  static <T> T run(Connection connection, int attempts, Set<String> retryStates, Work<T> work)
      throws SQLException {
    for (int attempt = 1; ; attempt++) {
      boolean committed = false;
      try {
        T result = work.run(connection);
        connection.commit();
        committed = true;
        return result;
      } catch (SQLException e) {
        if (attempt == attempts || !retryStates.contains(String.valueOf(e.getSQLState()))) {
          throw e;
        }
      } finally {
        if (!committed) {
          connection.rollback();
        }
      }
    }
  }
}
