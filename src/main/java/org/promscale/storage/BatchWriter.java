package org.promscale.storage;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import javax.sql.DataSource;
import org.promscale.ingest.BatchListener;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/**
 * Stores a group of requests: prepares what they need (series, partitions, metadata) in short
 * transactions of their own, then all their rows in one. If the database refuses data, the group is
 * halved until the culprit stands alone, so that no request fails for its neighbour. Thread-safe.
 */
public final class BatchWriter implements SampleBatcher.Store {

  private static final Logger LOG = System.getLogger(BatchWriter.class.getName());

  private final DataSource dataSource;
  private final BatchPreparation preparation;
  private final BatchTransaction transaction;
  private final BatchListener listener;

  /** Joins the parts. */
  public BatchWriter(
      DataSource dataSource,
      BatchPreparation preparation,
      BatchTransaction transaction,
      BatchListener listener) {
    this.dataSource = dataSource;
    this.preparation = preparation;
    this.transaction = transaction;
    this.listener = listener;
  }

  @Override
  public void write(List<PendingBatch> group) {
    try (Connection connection = dataSource.getConnection()) {
      connection.setAutoCommit(false);
      try {
        write(connection, group);
      } finally {
        rollbackQuietly(connection);
        connection.setAutoCommit(true);
      }
    } catch (SQLException e) {
      unavailable(group, e);
    }
  }

  private void write(Connection connection, List<PendingBatch> group) throws SQLException {
    try {
      preparation.prepare(connection, group);
      try {
        transaction.store(connection, group);
      } catch (SQLException e) {
        if (SqlFailure.of(e) != SqlFailure.NO_PARTITION) {
          throw e;
        }
        // A partition that we knew was dropped meanwhile.
        connection.rollback();
        preparation.partitionsChanged();
        preparation.prepare(connection, group);
        transaction.store(connection, group);
      }
    } catch (IngestFailure e) {
      group.forEach(p -> p.done().completeExceptionally(e));
      return;
    } catch (SQLException e) {
      connection.rollback();
      if (SqlFailure.of(e) != SqlFailure.DATA) {
        throw e;
      }
      isolate(connection, group, e);
      return;
    }
    group.forEach(p -> p.done().complete(null));
  }

  private void isolate(Connection connection, List<PendingBatch> group, SQLException e)
      throws SQLException {
    if (group.size() > 1) {
      int half = group.size() / 2;
      write(connection, group.subList(0, half));
      write(connection, group.subList(half, group.size()));
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
