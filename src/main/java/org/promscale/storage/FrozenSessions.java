package org.promscale.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Ends database sessions of connectors that are frozen. PostgreSQL measures its time-outs by a
 * clock that can be set: set back, it lets a session that holds a lease's locks idle for as much
 * longer. So a session that was seen idling in the same transaction for long enough by our own
 * clock, which never jumps, is ended too. One thread at a time.
 */
final class FrozenSessions {

  private static final long LONGEST_NANOS = Duration.ofSeconds(10).toNanos();

  private static final String END_BLOCKERS =
      """
      SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM (
        SELECT b.pid
        FROM pg_stat_activity b
        WHERE b.usename = current_user AND b.datname = current_database()
          AND b.wait_event = 'ClientRead' AND b.state = 'active' AND b.query LIKE 'COPY prom_data.%'
          AND b.state_change < clock_timestamp() - interval '30 s'
        UNION
        SELECT b.pid
        FROM pg_locks w
        CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS blocker (pid)
        JOIN pg_stat_activity b ON b.pid = blocker.pid
        WHERE NOT w.granted AND w.waitstart < clock_timestamp() - interval '10 s'
          AND b.usename = current_user AND b.datname = current_database()
          AND b.wait_event = 'ClientRead'
          AND b.state_change < clock_timestamp() - interval '5 s') frozen
      """;

  // Who waits for a lease gives up after two seconds, so a session that blocks it is seldom seen
  // blocking anybody: that it has locked rows of one is enough.
  private static final String IDLE =
      """
      SELECT a.pid, concat(a.pid, '/', a.backend_start, '/', a.state_change)
      FROM pg_stat_activity a
      WHERE a.usename = current_user AND a.datname = current_database()
        AND a.state = 'idle in transaction'
        AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.granted AND l.mode <> 'AccessShareLock'
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND l.relation IN ('_prom_catalog.ha_lease'::regclass, '_prom_catalog.ha_progress'::regclass))
      """;

  private static final String END_IDLE =
      """
      SELECT count(*) FILTER (WHERE pg_terminate_backend(a.pid)) FROM pg_stat_activity a
      WHERE a.pid = ? AND concat(a.pid, '/', a.backend_start, '/', a.state_change) = ?
      """;

  private final LongSupplier nanoClock;
  private Map<String, Long> idleSince = new HashMap<>();

  /**
   * Makes one that has seen nothing.
   *
   * @param nanoClock a clock that never jumps, in nanoseconds
   */
  FrozenSessions(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  /** Looks once; returns how many sessions were ended. */
  int end(Connection connection) throws SQLException {
    int ended;
    try (PreparedStatement statement = connection.prepareStatement(END_BLOCKERS);
        ResultSet row = statement.executeQuery()) {
      row.next();
      ended = row.getInt(1);
    }
    long now = nanoClock.getAsLong();
    Map<String, Integer> idle = idle(connection);
    Map<String, Long> still = new HashMap<>();
    for (Map.Entry<String, Integer> session : idle.entrySet()) {
      long since = idleSince.getOrDefault(session.getKey(), now);
      if (now - since >= LONGEST_NANOS) {
        ended += end(connection, session.getValue(), session.getKey());
      } else {
        still.put(session.getKey(), since);
      }
    }
    idleSince = still;
    return ended;
  }

  private static Map<String, Integer> idle(Connection connection) throws SQLException {
    Map<String, Integer> idle = new HashMap<>();
    try (PreparedStatement statement = connection.prepareStatement(IDLE);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        idle.put(row.getString(2), row.getInt(1));
      }
    }
    return idle;
  }

  private static int end(Connection connection, int pid, String session) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(END_IDLE)) {
      statement.setInt(1, pid);
      statement.setString(2, session);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getInt(1);
      }
    }
  }
}
