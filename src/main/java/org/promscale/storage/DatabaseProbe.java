package org.promscale.storage;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.promscale.health.ConnectorHealth;
import org.promscale.ingest.DatabaseClock;
import org.promscale.ingest.DatabaseTime;

/**
 * Asks the database every few seconds whether it is there and what time it is. Everybody else reads
 * the answer from memory. One thread runs {@link #run}; the rest is thread-safe.
 */
public final class DatabaseProbe implements Runnable, DatabaseClock {

  private static final Logger LOG = System.getLogger(DatabaseProbe.class.getName());

  /** A clock read over a slow answer says little. */
  private static final long MAX_ROUND_TRIP_NANOS = 1_000_000_000;

  private static final int TIMEOUT_SECONDS = 5;

  private static final String QUESTION =
      "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,"
          + " 'PostgreSQL ' || current_setting('server_version') || ', database '"
          + " || current_database(), pg_is_in_recovery(),"
          + " current_setting('transaction_read_only')::boolean";

  private final DataSource dataSource;
  private final LongSupplier nanoClock;
  private final DatabaseTime time;
  private final ConnectorHealth health;
  private volatile String description = "not reached yet";
  private String lastTrouble = "";

  /**
   * Makes a probe that has not asked yet.
   *
   * @param clock our wall clock
   * @param nanoClock a clock that never jumps, in nanoseconds
   */
  public DatabaseProbe(
      DataSource dataSource, InstantSource clock, LongSupplier nanoClock, ConnectorHealth health) {
    this.dataSource = dataSource;
    this.nanoClock = nanoClock;
    this.time = new DatabaseTime(clock, nanoClock);
    this.health = health;
  }

  @Override
  public void run() {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      ServerCheck.requirePostgres(connection);
      statement.setQueryTimeout(TIMEOUT_SECONDS);
      Optional<String> refusal;
      long asked = nanoClock.getAsLong();
      try (ResultSet row = statement.executeQuery(QUESTION)) {
        row.next();
        long answered = nanoClock.getAsLong();
        if (answered - asked < MAX_ROUND_TRIP_NANOS) {
          time.read(row.getLong(1), asked + (answered - asked) / 2);
        }
        description = row.getString(2);
        refusal = ServerCheck.refusal(connection, row.getBoolean(3), row.getBoolean(4));
      }
      refusal.ifPresentOrElse(this::unusable, this::answered);
    } catch (SchemaException e) {
      unusable(String.valueOf(e.getMessage()));
    } catch (SQLException e) {
      String reason = firstLine(e);
      tell("the database does not answer; senders get 503 and keep their data: ", reason);
      health.databaseFailed(reason);
    }
  }

  private void answered() {
    if (!lastTrouble.isEmpty()) {
      LOG.log(Level.INFO, "the database answers again");
      lastTrouble = "";
    }
    health.databaseAnswered();
  }

  private void unusable(String reason) {
    tell("the database takes no writes; senders get 503 and keep their data: ", reason);
    health.databaseRefuses(reason);
  }

  /** A line for each kind of trouble: how a database fails to answer changes all the time. */
  private void tell(String kind, String reason) {
    if (!lastTrouble.equals(kind)) {
      LOG.log(Level.WARNING, kind + reason);
      lastTrouble = kind;
    }
  }

  private static String firstLine(SQLException e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message.lines().findFirst().orElse("");
  }

  @Override
  public long aheadMs() {
    return time.aheadMs();
  }

  /** Returns product, version and database name as last seen. */
  public String description() {
    return description;
  }
}
