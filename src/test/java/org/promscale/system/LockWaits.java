package org.promscale.system;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.promscale.testbed.Await;

/** Looks fifty times a second how long sessions have been waiting for a lock on a table. */
final class LockWaits implements AutoCloseable {

  /** A change of a table needs this one; writes and reads wait for others. */
  private static final String CHANGE = "AccessExclusiveLock";

  private static final String LONGEST =
      "SELECT coalesce(max(milliseconds) FILTER (WHERE mode = '"
          + CHANGE
          + "'), 0), coalesce(max(milliseconds) FILTER (WHERE mode <> '"
          + CHANGE
          + "'), 0) FROM (SELECT mode, (extract(epoch FROM clock_timestamp() - waitstart)"
          + " * 1000)::bigint AS milliseconds FROM pg_locks"
          + " WHERE NOT granted AND locktype = 'relation') AS waiting";

  private final DataSource database;
  private final Thread thread = new Thread(this::look, "lock-waits");
  private volatile boolean closed;
  private volatile long longestOfChangesMs;
  private volatile long longestOfOthersMs;
  private volatile String trouble = "";

  private LockWaits(DataSource database) {
    this.database = database;
  }

  /** Starts to look. */
  static LockWaits watch(DataSource database) {
    LockWaits waits = new LockWaits(database);
    waits.thread.setDaemon(true);
    waits.thread.start();
    return waits;
  }

  private void look() {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      while (!closed) {
        try (ResultSet row = statement.executeQuery(LONGEST)) {
          row.next();
          longestOfChangesMs = Math.max(longestOfChangesMs, row.getLong(1));
          longestOfOthersMs = Math.max(longestOfOthersMs, row.getLong(2));
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      }
    } catch (SQLException e) {
      trouble = ", then " + e.getMessage();
    }
  }

  /** Returns how long anybody has waited who did not want to change the table. */
  long longestOfOthersMs() {
    return longestOfOthersMs;
  }

  @Override
  public String toString() {
    return "changes of tables waited %d ms at most, everybody else %d ms%s"
        .formatted(longestOfChangesMs, longestOfOthersMs, trouble);
  }

  @Override
  public void close() {
    closed = true;
    Await.until("nobody looks any more", Duration.ofSeconds(20), () -> !thread.isAlive());
  }
}
