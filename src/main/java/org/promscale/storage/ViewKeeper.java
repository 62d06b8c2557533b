package org.promscale.storage;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;

/**
 * Keeps the views of the metrics as the catalog says. One connector at a time works, a handful of
 * metrics per transaction; the others find the lock taken and leave. One thread at a time.
 */
public final class ViewKeeper {

  private static final System.Logger LOG = System.getLogger(ViewKeeper.class.getName());

  private static final int METRICS_PER_TRANSACTION = 20;
  private static final String LOCK_NOT_AVAILABLE = "55P03";

  /** Locked views cost a second each: after so many in a row, new metrics come first again. */
  private static final int MAX_LOCKED = 3;

  /** A view that somebody reads is left alone for a while, so that the others get their turn. */
  private static final int PAUSE_AFTER_LOCK = 10;

  /** After any other error a person has to act. */
  private static final int PAUSE_AFTER_ERROR = 150;

  /** Looking for views that somebody dropped reads all metrics, so it is done now and then. */
  private static final int REFRESHES_PER_SEARCH = 30;

  private static final String NEW =
      """
      SELECT id FROM _prom_catalog.metric
       WHERE view_name IS NULL AND id <> ALL (?) ORDER BY id LIMIT ?
      """;

  private static final String LACKING =
      """
      SELECT DISTINCT metric_id FROM _prom_catalog.metric_label
       WHERE position IS NULL AND metric_id <> ALL (?) ORDER BY metric_id LIMIT ?
      """;

  private static final String DROPPED =
      """
      SELECT id FROM _prom_catalog.metric m
       WHERE view_name IS NOT NULL AND id <> ALL (?)
         AND (SELECT count(*) FROM pg_catalog.pg_class c
               WHERE c.relname = m.view_name
                 AND c.relnamespace IN ('prom_metric'::regnamespace, 'prom_series'::regnamespace)) < 2
       ORDER BY id LIMIT ?
      """;

  private final DataSource dataSource;

  /** Metrics to leave alone, and for how many more refreshes. */
  private final Map<Long, Integer> pauses = new HashMap<>();

  private int refreshes;

  /** Makes a keeper; nothing is done before {@link #refresh()}. */
  public ViewKeeper(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /**
   * Creates views that are missing and appends columns for labels that are new. Cheap when there is
   * nothing to do; meant to be called every two seconds. A view that is locked is tried again at a
   * later call.
   *
   * @return number of metrics whose views were written
   * @throws SQLException if the database fails; what was committed so far stays
   */
  public int refresh() throws SQLException {
    pauses.replaceAll((metric, left) -> left - 1);
    pauses.values().removeIf(left -> left < 0);
    boolean search = refreshes++ % REFRESHES_PER_SEARCH == 0;
    try (Connection connection = dataSource.getConnection()) {
      connection.setAutoCommit(false);
      int written = publishAll(connection, NEW) + publishAll(connection, LACKING);
      return search ? written + publishAll(connection, DROPPED) : written;
    }
  }

  private int publishAll(Connection connection, String query) throws SQLException {
    int written = 0;
    int locked = 0;
    boolean more = true;
    while (more && locked < MAX_LOCKED) {
      boolean committed = false;
      try {
        List<Long> metrics = find(connection, query);
        if (!metrics.isEmpty() && tryLock(connection)) {
          // Found again under the lock: another connector may have been at work.
          metrics = find(connection, query);
          for (int i = 0; i < metrics.size() && locked < MAX_LOCKED; i++) {
            Outcome outcome = publish(connection, metrics.get(i));
            written += outcome == Outcome.WRITTEN ? 1 : 0;
            locked += outcome == Outcome.LOCKED ? 1 : 0;
          }
        } else {
          metrics = List.of();
        }
        connection.commit();
        committed = true;
        more = !metrics.isEmpty();
      } finally {
        if (!committed) {
          connection.rollback();
        }
      }
    }
    return written;
  }

  private static boolean tryLock(Connection connection) throws SQLException {
    ShortTransaction.waitBriefly(connection);
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT pg_try_advisory_xact_lock(_prom_catalog.lock_key('views'))")) {
      row.next();
      return row.getBoolean(1);
    }
  }

  private List<Long> find(Connection connection, String query) throws SQLException {
    Array paused = connection.createArrayOf("bigint", pauses.keySet().toArray());
    List<Long> metrics = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(query)) {
      statement.setArray(1, paused);
      statement.setInt(2, METRICS_PER_TRANSACTION);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          metrics.add(rows.getLong(1));
        }
      }
    }
    return metrics;
  }

  private Outcome publish(Connection connection, long metric) throws SQLException {
    Savepoint before = connection.setSavepoint();
    try {
      new MetricView(connection, metric).publish();
      connection.releaseSavepoint(before);
      return Outcome.WRITTEN;
    } catch (SQLException e) {
      if (ServerCheck.isConnectionTrouble(e)) {
        throw e;
      }
      connection.rollback(before);
      boolean locked = LOCK_NOT_AVAILABLE.equals(e.getSQLState());
      pauses.put(metric, locked ? PAUSE_AFTER_LOCK : PAUSE_AFTER_ERROR);
      if (!locked) {
        LOG.log(
            System.Logger.Level.WARNING,
            "The views of metric {0} cannot be created, next try in some minutes: {1}",
            String.valueOf(metric),
            e.getMessage());
      }
      return locked ? Outcome.LOCKED : Outcome.FAILED;
    }
  }

  private enum Outcome {
    WRITTEN,
    LOCKED,
    FAILED
  }
}
