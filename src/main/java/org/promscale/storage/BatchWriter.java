package org.promscale.storage;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.BatchListener;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.ingest.LeaseChanged;

/**
 * Stores a group of requests: prepares what they need (series, partitions, metadata) in short
 * transactions of their own, then all their rows in one. If the database refuses data, the group is
 * halved until the culprit stands alone, so that no request fails for its neighbour. Thread-safe.
 */
public final class BatchWriter implements SampleBatcher.Store {

  private static final Logger LOG = System.getLogger(BatchWriter.class.getName());

  private final DataSource dataSource;
  private final BatchPreparation preparation;
  private final LaneFence fence;
  private final BatchTransaction transaction;
  private final BatchListener listener;

  /** Joins the parts. */
  public BatchWriter(
      DataSource dataSource,
      BatchPreparation preparation,
      LaneFence fence,
      BatchTransaction transaction,
      BatchListener listener) {
    this.dataSource = dataSource;
    this.preparation = preparation;
    this.fence = fence;
    this.transaction = transaction;
    this.listener = listener;
  }

  @Override
  public void write(int writer, List<PendingBatch> group) {
    try (Connection connection = dataSource.getConnection()) {
      connection.setAutoCommit(false);
      try {
        write(connection, writer, group);
      } finally {
        rollbackQuietly(connection);
        connection.setAutoCommit(true);
      }
    } catch (SQLException e) {
      unavailable(group, e);
    }
  }

  private void write(Connection connection, int lane, List<PendingBatch> group)
      throws SQLException {
    boolean late = group.stream().anyMatch(preparation.lateRows()::isLate);
    if (late) {
      Predicate<PendingBatch> shutOut = preparation.lateRows().shutOut(connection);
      if (group.stream().anyMatch(shutOut)) {
        refuseLate(connection, lane, group, shutOut, null);
        return;
      }
    }
    try {
      preparation.prepare(connection, group);
      fence.register(connection, lane, LaneFence.claims(group).keySet());
      try {
        transaction.store(connection, lane, group, late);
      } catch (SQLException e) {
        if (SqlFailure.of(e) != SqlFailure.NO_PARTITION) {
          throw e;
        }
        // A partition that we knew was dropped meanwhile.
        connection.rollback();
        preparation.partitionsChanged();
        preparation.prepare(connection, group);
        transaction.store(connection, lane, group, late);
      }
    } catch (LeaseChanged e) {
      connection.rollback();
      judgeAgain(connection, lane, group, e);
      return;
    } catch (IngestFailure e) {
      // Or the next part of a halved group would commit these rows along, past guards and fence.
      connection.rollback();
      group.forEach(p -> p.done().completeExceptionally(e));
      return;
    } catch (SQLException e) {
      connection.rollback();
      SqlFailure kind = SqlFailure.of(e);
      if (kind == SqlFailure.DATA) {
        isolate(connection, lane, group, e);
      } else if (kind == SqlFailure.LOCKED && late) {
        refuseLate(connection, lane, group, preparation.lateRows()::isLate, e);
      } else {
        throw e;
      }
      return;
    }
    group.forEach(p -> p.done().complete(0));
  }

  /** Refuses late requests that would have to wait; the others are stored. */
  private void refuseLate(
      Connection connection,
      int lane,
      List<PendingBatch> group,
      Predicate<PendingBatch> late,
      @Nullable SQLException e)
      throws SQLException {
    group.stream().filter(late).forEach(p -> listener.failed(LateRows.SQL_STATE));
    writeWithout(connection, lane, group, late, LateRows.refusal(e));
  }

  /** Sends back the requests of clusters whose leadership has changed; the others are stored. */
  private void judgeAgain(
      Connection connection, int lane, List<PendingBatch> group, LeaseChanged change)
      throws SQLException {
    writeWithout(
        connection,
        lane,
        group,
        p -> p.claims().stream().anyMatch(c -> change.clusterIds().contains(c.clusterId())),
        change);
  }

  private void writeWithout(
      Connection connection,
      int lane,
      List<PendingBatch> group,
      Predicate<PendingBatch> refused,
      RuntimeException failure)
      throws SQLException {
    List<PendingBatch> others = new ArrayList<>();
    for (PendingBatch pending : group) {
      if (refused.test(pending)) {
        pending.done().completeExceptionally(failure);
      } else {
        others.add(pending);
      }
    }
    if (!others.isEmpty()) {
      write(connection, lane, others);
    }
  }

  private void isolate(Connection connection, int lane, List<PendingBatch> group, SQLException e)
      throws SQLException {
    if (group.size() > 1) {
      int half = group.size() / 2;
      write(connection, lane, group.subList(0, half));
      write(connection, lane, group.subList(half, group.size()));
      return;
    }
    LOG.log(Level.WARNING, "PostgreSQL refuses the data of a request: {0}", e.getMessage());
    String state = e.getSQLState();
    group
        .get(0)
        .done()
        .completeExceptionally(
            new IngestFailure(
                FailureKind.REJECTED,
                "cannot store the request: PostgreSQL refuses its data (SQLSTATE " + state + ")",
                e));
  }

  /** Fails what is still open; requests that were answered already stay answered. */
  private void unavailable(List<PendingBatch> group, SQLException e) {
    String state = e.getSQLState();
    listener.failed(state == null ? "none" : state);
    IngestFailure failure =
        new IngestFailure(
            FailureKind.UNAVAILABLE,
            "cannot store the request now: the database is not available; data is kept by the"
                + " sender",
            e);
    boolean open = false;
    for (PendingBatch pending : group) {
      open |= pending.done().completeExceptionally(failure);
    }
    if (open) {
      LOG.log(Level.DEBUG, "a transaction failed", e);
    }
  }

  private static void rollbackQuietly(Connection connection) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      LOG.log(Level.DEBUG, "rollback failed; the pool will replace the connection", e);
    }
  }
}
