package org.promscale.storage;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** What transactions that touch leases have in common. Stateless. */
final class HaSession {

  private HaSession() {}

  /**
   * Sets what the transaction that begins with it may cost others: it waits two seconds for a lock,
   * and a connector that freezes between two statements loses its session after five.
   */
  static void prepare(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "SET LOCAL lock_timeout = '2s'; SET LOCAL idle_in_transaction_session_timeout = '5s'");
    }
  }

  /** Like {@link #prepare}, for a transaction that may wait long for the samples of another. */
  static void prepareStore(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET LOCAL idle_in_transaction_session_timeout = '5s'");
    }
  }
}
