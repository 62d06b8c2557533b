package org.promscale.storage;

import java.sql.SQLException;

/** What an SQLSTATE means for the batch that met it. */
enum SqlFailure {
  /** Try the same again at once: deadlock or serialization failure. */
  TRANSIENT,
  /** The row is there already. */
  DUPLICATE,
  /**
   * Rows may be there already: looking for them in compressed chunks takes more than TimescaleDB
   * allows a COPY. Also a limit of the server on temporary files.
   */
  LIMIT,
  /** Another session has held a lock for longer than we wait. */
  LOCKED,
  /** No partition for the row's time: one was dropped since we last looked. */
  NO_PARTITION,
  /** This data can never be stored. */
  DATA,
  /** The database is in trouble, not the data: the sender keeps it. */
  UNAVAILABLE;

  /**
   * Classifies an exception by its SQLSTATE.
   *
   * @see <a href="https://www.postgresql.org/docs/current/errcodes-appendix.html">Error codes</a>
   */
  static SqlFailure of(SQLException e) {
    String state = e.getSQLState();
    if (state == null || state.length() != 5) {
      return UNAVAILABLE;
    }
    return switch (state) {
      case "40P01", "40001" -> TRANSIENT;
      case "23505" -> DUPLICATE;
      case "53400" -> LIMIT;
      case "55P03" -> LOCKED;
      case "23514" -> NO_PARTITION;
      default ->
          switch (state.substring(0, 2)) {
            case "22", "23", "54" -> DATA;
            default -> UNAVAILABLE;
          };
    };
  }
}
