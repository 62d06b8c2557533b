package org.promscale.storage;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * The only class that touches the driver's own types: the driver lives on the server, and how a
 * server lets us see it differs from one to the next. Stateless.
 */
final class PgDriver {

  /** A COPY under way. Close it: what was not ended is cancelled. */
  static final class Copy implements AutoCloseable {
    private final CopyIn copy;

    private Copy(CopyIn copy) {
      this.copy = copy;
    }

    void write(byte[] bytes, int length) throws SQLException {
      copy.writeToCopy(bytes, 0, length);
    }

    /** Ends the COPY; returns the number of rows. Constraint violations show here at the latest. */
    long end() throws SQLException {
      return copy.endCopy();
    }

    @Override
    public void close() throws SQLException {
      if (copy.isActive()) {
        copy.cancelCopy();
      }
    }
  }

  private static final Pattern FIRST_KEY = Pattern.compile("\\)=\\((\\d+)");

  private PgDriver() {}

  /** Starts COPY … FROM STDIN on a pooled connection. */
  static Copy copyIn(Connection connection, String sql) throws SQLException {
    return new Copy(connection.unwrap(PGConnection.class).getCopyAPI().copyIn(sql));
  }

  /**
   * Returns the series id of the key that a unique violation reports, or -1 if it reports none (the
   * text is for humans, so nothing may depend on it but speed).
   */
  static long seriesIdOfViolation(SQLException violation) {
    if (violation instanceof PSQLException pg) {
      ServerErrorMessage message = pg.getServerErrorMessage();
      String detail = message == null ? null : message.getDetail();
      if (detail != null) {
        Matcher matcher = FIRST_KEY.matcher(detail);
        if (matcher.find()) {
          return Long.parseLong(matcher.group(1));
        }
      }
    }
    return -1;
  }
}
