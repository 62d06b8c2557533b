package org.promscale.storage;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.MaintenanceListener;
import org.promscale.ingest.MaintenanceStatus;

/**
 * Retention and what follows from it: partitions, samples, series, metrics and labels go when their
 * time is over, in many short transactions. Over all connectors of a database one run is under way
 * at a time; its row in {@code _prom_catalog.maintenance_run} is the lease. A connector that is
 * killed leaves nothing half done: another one takes the next run after half a minute, and every
 * step begins where the data is.
 *
 * <p>No step waits longer than a second for a lock that ingest needs, and what had to wait is left
 * for the next run. One thread at a time.
 */
public final class Maintenance {

  private static final Logger LOG = System.getLogger(Maintenance.class.getName());

  /** Between the end of a run and the start of the next one. */
  private static final String PAUSE = "60 s";

  /** As long again is left to those who store. */
  private static final long WORK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** While another connector is at work or nothing is to be done. */
  private static final int TICKS_TO_REST = 4;

  private static final String BEGIN =
      """
      SELECT _prom_catalog.begin_maintenance(?, ?::interval),
        (SELECT extract(epoch FROM max(ended_at)) FROM _prom_catalog.maintenance_run),
        (SELECT blockers <> '{}' FROM _prom_catalog.maintenance_state),
        (SELECT count(*) FROM _prom_catalog.doomed_series),
        _prom_catalog.longest_retention_ms()
      """;

  private static final String END = "SELECT _prom_catalog.end_maintenance(?, ?)";

  /** Another connector has taken over, which thinks that this one is dead. */
  private static final String RUN_IS_OVER = "55000";

  /** Somebody else was at the same rows or tables: the next run tries again. */
  private static final Set<String> IN_THE_WAY = Set.of("55P03", "40P01", "40001");

  private final DataSource dataSource;
  private final String connector;
  private final MaintenanceListener listener;
  private final InstantSource clock;
  private final LongSupplier nanoClock;

  private int rest;
  private long run;
  private int step;
  private @Nullable String trouble;
  private String lastTrouble = "";

  /**
   * Makes one that has done nothing yet.
   *
   * @param connector a name by which people recognise it, and that no other connector has
   */
  public Maintenance(
      DataSource dataSource,
      String connector,
      MaintenanceListener listener,
      InstantSource clock,
      LongSupplier nanoClock) {
    this.dataSource = dataSource;
    this.connector = connector;
    this.listener = listener;
    this.clock = clock;
    this.nanoClock = nanoClock;
  }

  private record Progress(long done, boolean more) {}

  /**
   * Goes on with this connector's run for half a second, or begins one if it is time; nothing if
   * another connector is at work. Call it every second.
   *
   * @return whether a run is under way here
   * @throws SQLException if the database fails; the run goes on at a later call, or elsewhere
   */
  public boolean tick() throws SQLException {
    if (rest > 0) {
      rest--;
      return false;
    }
    try (Connection connection = dataSource.getConnection()) {
      connection.setAutoCommit(false);
      long given = inTransaction(connection, this::begin);
      if (given == 0) {
        rest = TICKS_TO_REST;
        return false;
      }
      if (given != run) {
        run = given;
        step = 0;
        trouble = null;
      }
      return work(connection);
    }
  }

  private boolean work(Connection connection) throws SQLException {
    long began = nanoClock.getAsLong();
    MaintenanceStep[] steps = MaintenanceStep.values();
    while (step < steps.length) {
      if (nanoClock.getAsLong() - began > WORK_NANOS) {
        return true;
      }
      if (!take(connection, steps[step])) {
        return false;
      }
    }
    String told = trouble;
    inTransaction(connection, c -> end(c, told));
    listener.ended(told == null);
    return false;
  }

  /** Returns whether this connector still has the run. */
  private boolean take(Connection connection, MaintenanceStep current) throws SQLException {
    try {
      Progress progress = inTransaction(connection, c -> call(c, current));
      if (progress.done() > 0 && !current.what().isEmpty()) {
        listener.did(current.what(), progress.done());
      }
      if (!progress.more()) {
        step++;
      }
      return true;
    } catch (SQLException e) {
      if (ServerCheck.isConnectionTrouble(e)) {
        throw e;
      }
      if (RUN_IS_OVER.equals(e.getSQLState())) {
        run = 0;
        return false;
      }
      note(current, e);
      step++;
      return true;
    }
  }

  private void note(MaintenanceStep current, SQLException e) {
    String said = current.name().toLowerCase(Locale.ROOT) + ": " + firstLine(e);
    trouble = trouble == null ? said : trouble + "; " + said;
    if (!IN_THE_WAY.contains(String.valueOf(e.getSQLState())) && !said.equals(lastTrouble)) {
      lastTrouble = said;
      LOG.log(
          Level.WARNING,
          "maintenance cannot {0}; it tries again every minute: SELECT * FROM prom_info.maintenance",
          said);
    }
  }

  private static String firstLine(SQLException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  private long begin(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(BEGIN)) {
      statement.setString(1, connector);
      statement.setString(2, PAUSE);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        long retentionMs = row.getLong(5);
        listener.seen(
            new MaintenanceStatus(
                row.getDouble(2),
                row.getBoolean(3),
                row.getLong(4),
                retentionMs == 0 ? Double.POSITIVE_INFINITY : retentionMs / 1e3));
        return row.getLong(1);
      }
    }
  }

  private Progress call(Connection connection, MaintenanceStep current) throws SQLException {
    Instant now = clock.instant();
    try (PreparedStatement statement = connection.prepareStatement(current.sql())) {
      statement.setLong(1, run);
      statement.setObject(2, now.atOffset(ZoneOffset.UTC));
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return new Progress(row.getLong(1), row.getBoolean(2));
      }
    }
  }

  private boolean end(Connection connection, @Nullable String told) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(END)) {
      statement.setLong(1, run);
      statement.setString(2, told);
      return statement.execute();
    }
  }

  private static <T> T inTransaction(Connection connection, ShortTransaction.Work<T> work)
      throws SQLException {
    return ShortTransaction.run(connection, 1, Set.of(), work);
  }
}
