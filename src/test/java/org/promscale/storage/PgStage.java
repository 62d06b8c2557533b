package org.promscale.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
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
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import javax.sql.DataSource;
import org.promscale.ha.ClusterState;
import org.promscale.ha.FillOrder;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.LeaseClaim;
import org.promscale.ha.SteeringOrder;
import org.promscale.ha.SteeringRuling;
import org.promscale.ingest.BatchListener;
import org.promscale.ingest.LeaseStore;

/** PostgreSQL as a stage: the shipped transactions, stopped before each statement. */
final class PgStage implements InterleavingStage, AutoCloseable {

  private final DataSource database;
  private final ExecutorService threads;
  private final Connection judge;
  private final PreparedStatement waits;
  private final ResourceLocal transactions;
  private final PgLeaseStore leases;
  private final PgLeaseSteering steering;
  private final BatchPreparation preparation;
  private final Map<String, LaneFence> fences = new HashMap<>();
  private long clusterId;
  private long seriesId;
  private ClusterState seen;

  PgStage(DataSource database, ExecutorService threads) throws SQLException {
    this.database = PgActor.stopping(database);
    this.threads = threads;
    this.judge = database.getConnection();
    this.waits = judge.prepareStatement("SELECT cardinality(pg_blocking_pids(?)) > 0");
    this.transactions = ResourceLocal.in(this.database);
    this.leases = new PgLeaseStore(this.database, transactions, System::nanoTime);
    this.steering = new PgLeaseSteering(transactions);
    this.preparation =
        new BatchPreparation(
            new SeriesCatalog(),
            new SeriesCache(1_000),
            Partitions.load(database),
            new MetadataStore(),
            BatchListener.NONE);
    for (String connector : List.of("s", "t", "f", "g", "r")) {
      fences.put(connector, new LaneFence(connector));
    }
    fresh();
  }

  @Override
  public void fresh() {
    clusterId = leases.elect(0, UUID.randomUUID().toString(), "A", Integer.MAX_VALUE).orElseThrow();
    seriesId++;
    leases.note(
        List.of(new LeaseStore.ReplicaNote(clusterId, "B", TwinStage.NOW_MS, TwinStage.EARLIER_MS)),
        List.of());
    seen = read();
    try (Connection connection = database.getConnection()) {
      connection.setAutoCommit(false);
      for (String connector : List.of("s", "t", "f", "g")) {
        fence(connector).register(connection, 0, Set.of(clusterId));
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    store("s", TwinStage.EARLIER_MS);
    seen = read();
  }

  private ClusterState read() {
    return leases.read(Set.of(clusterId)).get(0);
  }

  private LaneFence fence(String connector) {
    return Objects.requireNonNull(fences.get(connector));
  }

  @Override
  public Actor actor(String name) {
    ClusterState decidedOn = seen;
    return switch (name) {
      case "store" -> actor(() -> store("s", TwinStage.STORED_MS));
      case "store the same" -> actor(() -> store("t", TwinStage.STORED_MS));
      case "fill" -> actor(() -> fill("f", TwinStage.OTHER_MS));
      case "fill the same" -> actor(() -> fill("g", TwinStage.STORED_MS));
      case "register" ->
          actor(
              () -> {
                try (Connection connection = database.getConnection()) {
                  connection.setAutoCommit(false);
                  fence("r").register(connection, 0, Set.of(clusterId));
                }
                return DONE;
              });
      case "transition" ->
          actor(() -> leases.takeOver(decidedOn, LeaderChange.silent("B")) ? DONE : CHANGED);
      case "another transition" ->
          actor(() -> leases.takeOver(decidedOn, LeaderChange.silent("C")) ? DONE : CHANGED);
      case "hand over" -> actor(() -> order(decidedOn, SteeringOrder.Action.HAND_OVER));
      case "drain" -> actor(() -> order(decidedOn, SteeringOrder.Action.DRAIN));
      case "adopt" -> actor(() -> "sees term " + read().lease().term());
      default -> throw new IllegalArgumentException(name);
    };
  }

  private Actor actor(Callable<String> work) {
    return new PgActor(threads, this::isBlocked, work);
  }

  private String order(ClusterState decidedOn, SteeringOrder.Action action) {
    SteeringRuling ruling = steering.steer(decidedOn, InterleavingStage.order(action), 0);
    return ruling.outcome() == SteeringRuling.Outcome.DONE ? DONE : CHANGED;
  }

  private boolean isBlocked(int pid) {
    try {
      waits.setInt(1, pid);
      try (ResultSet row = waits.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private String store(String connector, long timeMs) {
    LaneFence fence = fence(connector);
    PendingBatch pending =
        Batches.unknown()
            .known(seriesId, timeMs, 1)
            .pending(new LeaseClaim(clusterId, seen.lease().fence(), timeMs, 0));
    BatchTransaction transaction =
        new BatchTransaction(true, List.of(), fence, BatchListener.NONE, () -> 0L);
    new BatchWriter(database, preparation, fence, transaction, BatchListener.NONE)
        .write(0, List.of(pending));
    return outcome(pending);
  }

  private String fill(String connector, long timeMs) {
    PendingBatch pending =
        Batches.unknown()
            .known(seriesId, timeMs, 1)
            .filling(new FillOrder(clusterId, seen.lease().fence(), 0, true));
    new FillWriter(database, preparation, fence(connector), List.of(), 0)
        .write(0, List.of(pending));
    return outcome(pending);
  }

  private static String outcome(PendingBatch pending) {
    return HaConnector.stored(pending) ? DONE : CHANGED;
  }

  @Override
  public String state() {
    try (Statement statement = judge.createStatement()) {
      return lease(statement)
          + ", terms"
          + rows(
              statement,
              "SELECT format(' %s %s..%s', leader, coalesce(_prom_catalog.data_ms(starts), "
                  + Long.MIN_VALUE
                  + "), coalesce(_prom_catalog.data_ms(ends), "
                  + Long.MAX_VALUE
                  + ")) FROM _prom_catalog.ha_term WHERE cluster_id = @ ORDER BY term")
          + ", patches"
          + rows(
              statement,
              "SELECT format(' %s %s..%s', replica, _prom_catalog.data_ms(starts),"
                  + " _prom_catalog.data_ms(ends)) FROM _prom_catalog.ha_patch WHERE cluster_id ="
                  + " @ ORDER BY patch_id")
          + ", lanes"
          + rows(
              statement,
              "SELECT format(' %s %s %s/%s', p.lane, CASE WHEN p.fence = l.fence THEN 'current'"
                  + " ELSE 'old' END, coalesce(_prom_catalog.data_ms(p.frontier), "
                  + Long.MIN_VALUE
                  + "), p.commits) FROM _prom_catalog.ha_progress p JOIN _prom_catalog.ha_lease l"
                  + " USING (cluster_id) WHERE cluster_id = @ ORDER BY p.lane COLLATE \"C\"")
          + ", drained ["
          + rows(
              statement,
              "SELECT replica FROM _prom_catalog.ha_sighting WHERE cluster_id = @ AND drained")
          + "], samples "
          + samples(statement);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private String lease(Statement statement) throws SQLException {
    return rows(
        statement,
        "SELECT format('term %s of %s from %s seal %s', term, leader,"
            + " coalesce(_prom_catalog.data_ms(starts), "
            + Long.MIN_VALUE
            + "), coalesce(_prom_catalog.data_ms(seal), "
            + Long.MIN_VALUE
            + ")) FROM _prom_catalog.ha_lease WHERE cluster_id = @");
  }

  private String rows(Statement statement, String sql) throws SQLException {
    StringBuilder text = new StringBuilder();
    try (ResultSet row = statement.executeQuery(sql.replace("@", String.valueOf(clusterId)))) {
      while (row.next()) {
        text.append(row.getString(1));
      }
    }
    return text.toString();
  }

  private List<Long> samples(Statement statement) throws SQLException {
    List<Long> times = new ArrayList<>();
    try (ResultSet row =
        statement.executeQuery(
            "SELECT _prom_catalog.data_ms(time) FROM prom_data.sample WHERE series_id = "
                + seriesId
                + " ORDER BY time")) {
      while (row.next()) {
        times.add(row.getLong(1));
      }
    }
    return times;
  }

  @Override
  public void close() throws SQLException {
    transactions.close();
    judge.close();
  }
}
