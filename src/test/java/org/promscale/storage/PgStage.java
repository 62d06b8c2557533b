package org.promscale.storage;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;
import org.promscale.ha.Lease;
import org.promscale.ha.LeaseClaim;
import org.promscale.ingest.LeaseChanged;

/** PostgreSQL as a stage: the statements of the shipped transactions, the fence by shipped code. */
final class PgStage implements InterleavingStage, AutoCloseable {

  private final DataSource database;
  private final Connection judge;
  private final List<Connection> open = new ArrayList<>();
  private final Map<String, LaneFence> fences = new HashMap<>();
  private UUID fence = new UUID(0, 0);
  private long clusterId;

  PgStage(DataSource database) throws SQLException {
    this.database = database;
    this.judge = database.getConnection();
  }

  @Override
  public void fresh() throws SQLException {
    for (Connection connection : open) {
      connection.close();
    }
    open.clear();
    fence = UUID.randomUUID();
    execute(judge, "TRUNCATE prom_data.sample, _prom_catalog.ha_cluster CASCADE");
    clusterId =
        number(
            judge,
            "INSERT INTO _prom_catalog.ha_cluster (cluster) VALUES ('c') RETURNING cluster_id");
    execute(
        judge,
        "INSERT INTO _prom_catalog.ha_lease (cluster_id, term, leader, fence) VALUES ("
            + clusterId
            + ", 1, 'A', '"
            + fence
            + "')");
    fences.clear();
    try (Connection connection = database.getConnection()) {
      connection.setAutoCommit(false);
      for (String connector : List.of("s", "t", "f", "g")) {
        LaneFence registered = new LaneFence(connector);
        registered.register(connection, 0, Set.of(clusterId));
        fences.put(connector, registered);
      }
    }
  }

  private String register(String lane) {
    return "INSERT INTO _prom_catalog.ha_progress (cluster_id, lane, fence) SELECT l.cluster_id, '"
        + lane
        + "', l.fence FROM _prom_catalog.ha_lease l WHERE l.cluster_id = "
        + clusterId
        + " ON CONFLICT (cluster_id, lane) DO NOTHING";
  }

  @Override
  public List<Step> actor(String name) throws SQLException {
    Connection session = database.getConnection();
    session.setAutoCommit(false);
    open.add(session);
    return switch (name) {
      case "store" -> storing(session, "s", TwinStage.STORED_MS);
      case "store the same" -> storing(session, "t", TwinStage.STORED_MS);
      case "fill" -> filling(session, "f", TwinStage.OTHER_MS);
      case "fill the same" -> filling(session, "g", TwinStage.STORED_MS);
      case "register" ->
          List.of(
              step(session, () -> execute(session, lease("FOR SHARE"))),
              step(
                  session,
                  () -> {
                    execute(session, register("r-0"));
                    session.commit();
                  }));
      case "transition" -> List.of(() -> transition(session));
      case "adopt" ->
          List.of(
              () ->
                  OK
                      + " "
                      + number(
                          session,
                          "SELECT term FROM _prom_catalog.ha_lease WHERE cluster_id = "
                              + clusterId));
      default -> throw new IllegalArgumentException(name);
    };
  }

  private String lease(String lock) {
    return "SELECT fence FROM _prom_catalog.ha_lease WHERE cluster_id = " + clusterId + " " + lock;
  }

  private static String insert(long timeMs, String otherwise) {
    return "INSERT INTO prom_data.sample (time, series_id, value) VALUES (_prom_catalog.data_time("
        + timeMs
        + "), "
        + TwinStage.SERIES
        + ", 1) "
        + otherwise;
  }

  private List<Step> storing(Connection session, String connector, long timeMs) {
    return List.of(
        step(session, () -> execute(session, insert(timeMs, ""))),
        step(session, () -> fence(connector).pass(session, 0, claim(timeMs))),
        step(session, session::commit));
  }

  private List<Step> filling(Connection session, String connector, long timeMs) {
    return List.of(
        step(
            session,
            () -> {
              try (Statement lock = session.createStatement();
                  ResultSet row = query(lock, lease("FOR NO KEY UPDATE"))) {
                row.next();
                if (!fence.equals(row.getObject(1, UUID.class))) {
                  throw new LeaseChanged(Set.of(clusterId));
                }
              }
            }),
        step(session, () -> execute(session, insert(timeMs, "ON CONFLICT DO NOTHING"))),
        step(session, () -> fence(connector).passAlive(session, 0, claim(Lease.NO_TIME))),
        step(session, session::commit));
  }

  private LaneFence fence(String connector) {
    return Objects.requireNonNull(fences.get(connector));
  }

  private Map<Long, LeaseClaim> claim(long newestMs) {
    return Map.of(clusterId, new LeaseClaim(clusterId, fence, newestMs, 0));
  }

  /** As {@link LeaseTransitions} does it, decided on a leader that had not committed. */
  private String transition(Connection session) throws SQLException {
    String mine = " WHERE cluster_id = " + clusterId;
    long[] commits = {0};
    String locked =
        step(
                session,
                () -> {
                  execute(session, lease("FOR NO KEY UPDATE"));
                  execute(
                      session,
                      "SELECT 1 FROM _prom_catalog.ha_progress"
                          + mine
                          + " ORDER BY lane FOR UPDATE");
                  commits[0] =
                      number(session, "SELECT sum(commits) FROM _prom_catalog.ha_progress" + mine);
                })
            .run();
    if (!locked.equals(OK) || commits[0] > 0) {
      session.rollback();
      return locked.equals(OK) ? CHANGED : locked;
    }
    UUID next = UUID.randomUUID();
    execute(
        session,
        "UPDATE _prom_catalog.ha_lease SET term = 2, leader = 'B', fence = '" + next + "'" + mine);
    execute(
        session,
        "UPDATE _prom_catalog.ha_progress SET fence = '" + next + "', frontier = NULL" + mine);
    session.commit();
    return OK;
  }

  /** Statements of one step. */
  @FunctionalInterface
  private interface Statements {
    void run() throws SQLException;
  }

  private static Step step(Connection session, Statements statements) {
    return () -> {
      try {
        execute(session, "SET LOCAL lock_timeout = '60ms'");
        statements.run();
        return OK;
      } catch (LeaseChanged e) {
        session.rollback();
        return CHANGED;
      } catch (SQLException e) {
        session.rollback();
        String state = String.valueOf(e.getSQLState());
        if (state.equals("23505")) {
          return DUPLICATE;
        }
        if (state.equals("55P03")) {
          return BLOCKED;
        }
        throw e;
      }
    };
  }

  @Override
  public String state() throws SQLException {
    StringBuilder state = new StringBuilder();
    try (Statement statement = judge.createStatement()) {
      try (ResultSet row =
          query(
              statement,
              "SELECT term, leader, coalesce(_prom_catalog.data_ms(starts),"
                  + " -9223372036854775808) FROM _prom_catalog.ha_lease")) {
        row.next();
        state.append("term ").append(row.getLong(1)).append(" of ").append(row.getString(2));
        state.append(" from ").append(row.getLong(3)).append(", lanes");
      }
      try (ResultSet row =
          query(
              statement,
              "SELECT lane, fence = (SELECT fence FROM _prom_catalog.ha_lease),"
                  + " coalesce(_prom_catalog.data_ms(frontier), -9223372036854775808), commits FROM"
                  + " _prom_catalog.ha_progress ORDER BY lane COLLATE \"C\"")) {
        while (row.next()) {
          state.append(' ').append(row.getString(1));
          state.append(row.getBoolean(2) ? " current " : " old ").append(row.getLong(3));
          state.append('/').append(row.getLong(4));
        }
      }
      List<Long> times = new ArrayList<>();
      try (ResultSet row =
          query(
              statement,
              "SELECT _prom_catalog.data_ms(time) FROM prom_data.sample ORDER BY time")) {
        while (row.next()) {
          times.add(row.getLong(1));
        }
      }
      return state.append(", samples ").append(times).toString();
    }
  }

  private static ResultSet query(Statement statement, String sql) throws SQLException {
    return statement.executeQuery(sql);
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static long number(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = query(statement, sql)) {
      row.next();
      return row.getLong(1);
    }
  }

  @Override
  public void close() throws SQLException {
    for (Connection connection : open) {
      connection.close();
    }
    judge.close();
  }
}
