package org.promscale.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Ends database sessions of connectors that are frozen: that keep others waiting, are in the middle
 * of COPY, or idle with locks on leases. PostgreSQL measures its time-outs by a clock that can be
 * set: set back, it would let them live for as much longer. So what was seen for long enough by our
 * own clock, which never jumps, is ended too. One thread at a time.
 */
final class FrozenSessions {

  // What is suspect: its session, since when, for how many seconds at most, and whether that is
  // over by the database's clock. Who waits for a lease gives up after two seconds, so a session
  // that blocks it is seldom seen blocking anybody: that it has locked rows of one is enough.
  private static final String SUSPECTS =
      """
      WITH client AS (
        SELECT pid, concat(pid, '/', backend_start, '/', state_change) AS session, state, state_change, query, wait_event
        FROM pg_stat_activity
        WHERE usename = current_user AND datname = current_database())
      SELECT pid, session, 'copy', 30, state_change < clock_timestamp() - interval '30 s'
      FROM client
      WHERE wait_event = 'ClientRead' AND state = 'active' AND query LIKE 'COPY prom_data.%'
      UNION ALL
      SELECT b.pid, b.session, concat(w.pid, '/', w.waitstart), 10,
        w.waitstart < clock_timestamp() - interval '10 s' AND b.state_change < clock_timestamp() - interval '5 s'
      FROM pg_locks w
      CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS blocker (pid)
      JOIN client b ON b.pid = blocker.pid
      WHERE NOT w.granted AND b.wait_event = 'ClientRead'
      UNION ALL
      SELECT a.pid, a.session, 'idle', 10, false
      FROM client a
      WHERE a.state = 'idle in transaction'
        AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.granted AND l.mode <> 'AccessShareLock'
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND l.relation IN ('_prom_catalog.ha_lease'::regclass, '_prom_catalog.ha_progress'::regclass))
      """;

  private static final String END =
      """
      SELECT count(*) FILTER (WHERE pg_terminate_backend(a.pid)) FROM pg_stat_activity a
      WHERE a.pid = ? AND concat(a.pid, '/', a.backend_start, '/', a.state_change) = ?
      """;

  private final LongSupplier nanoClock;
  private Map<Suspicion, Long> since = new HashMap<>();

  private record Session(int pid, String name) {}

  private record Suspicion(Session session, String what) {}

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
    int ended = 0;
    for (Session session : frozen(connection)) {
      ended += end(connection, session);
    }
    return ended;
  }

  private Set<Session> frozen(Connection connection) throws SQLException {
    Set<Session> frozen = new HashSet<>();
    Map<Suspicion, Long> still = new HashMap<>();
    long now = nanoClock.getAsLong();
    try (PreparedStatement statement = connection.prepareStatement(SUSPECTS);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        Session session = new Session(row.getInt(1), row.getString(2));
        Suspicion suspicion = new Suspicion(session, row.getString(3));
        long first = since.getOrDefault(suspicion, now);
        still.put(suspicion, first);
        if (row.getBoolean(5) || now - first >= TimeUnit.SECONDS.toNanos(row.getInt(4))) {
          frozen.add(session);
        }
      }
    }
    since = still;
    return frozen;
  }

  private static int end(Connection connection, Session session) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(END)) {
      statement.setInt(1, session.pid());
      statement.setString(2, session.name());
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getInt(1);
      }
    }
  }
}
