package org.promscale.storage;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;
import org.promscale.ha.FillOrder;
import org.promscale.ha.Lease;
import org.promscale.ha.LeaseClaim;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.ingest.LeaseChanged;
import org.promscale.model.HistogramSample;
import org.promscale.model.Samples;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;

/**
 * Stores samples at or before a cluster's seal: only where they fit holes. Its transactions lock
 * the lease row first, so one at a time fills a cluster, and what it sees of stored samples is all
 * there is: nobody stores freely before the seal. They are short, because a change of leader waits
 * for them. Thread-safe.
 */
final class FillWriter implements SampleBatcher.Store {

  private static final Logger LOG = System.getLogger(FillWriter.class.getName());

  /** Items of one transaction. */
  private static final int MOST_ITEMS = 2_000;

  private static final Set<String> RETRIED = Set.of("40P01", "40001");

  private static final String LOCK =
      "SELECT fence, _prom_catalog.data_ms(starts) FROM _prom_catalog.ha_lease WHERE cluster_id = ?"
          + " FOR NO KEY UPDATE";
  private static final String PATCH =
      "UPDATE _prom_catalog.ha_patch SET samples_filled = samples_filled + ?, filled_at = CASE"
          + " WHEN ? THEN clock_timestamp() ELSE filled_at END WHERE patch_id = ? AND open_until ="
          + " 'infinity'";

  private final DataSource dataSource;
  private final BatchPreparation preparation;
  private final LaneFence fence;
  private final List<CommitGuard> guards;
  private final int firstLane;
  private final RareRows rareRows = new RareRows();

  /**
   * Joins the parts.
   *
   * @param firstLane lane of its first writer; lanes of other writers are lower
   */
  FillWriter(
      DataSource dataSource,
      BatchPreparation preparation,
      LaneFence fence,
      List<CommitGuard> guards,
      int firstLane) {
    this.dataSource = dataSource;
    this.preparation = preparation;
    this.fence = fence;
    this.guards = List.copyOf(guards);
    this.firstLane = firstLane;
  }

  @Override
  public void write(int writer, List<PendingBatch> group) {
    for (PendingBatch pending : group) {
      FillOrder order = pending.fill();
      if (order == null) {
        throw new IllegalStateException("a batch without an order to fill");
      }
      try (Connection connection = dataSource.getConnection()) {
        connection.setAutoCommit(false);
        try {
          LateRows lateRows = preparation.lateRows();
          if (lateRows.isLate(pending) && lateRows.shutOut(connection).test(pending)) {
            throw LateRows.refusal(null); // it would have to wait with the lease row locked
          }
          pending.done().complete(fillAgain(connection, firstLane + writer, pending, order));
        } finally {
          connection.rollback();
          connection.setAutoCommit(true);
        }
      } catch (SQLException e) {
        LOG.log(Level.DEBUG, "filling failed", e);
        pending.done().completeExceptionally(failure(e));
      } catch (IngestFailure | LeaseChanged e) {
        pending.done().completeExceptionally(e);
      }
    }
  }

  private static IngestFailure failure(SQLException e) {
    if (SqlFailure.of(e) == SqlFailure.DATA) {
      return new IngestFailure(
          FailureKind.REJECTED,
          "cannot store the request: PostgreSQL refuses its data (SQLSTATE "
              + e.getSQLState()
              + ")",
          e);
    }
    if (SqlFailure.of(e) == SqlFailure.LOCKED) {
      return LateRows.refusal(e);
    }
    return new IngestFailure(
        FailureKind.UNAVAILABLE,
        "cannot store late samples now: the database is not available; data is kept by the sender",
        e);
  }

  private int fillAgain(Connection connection, int lane, PendingBatch pending, FillOrder order)
      throws SQLException {
    try {
      return fill(connection, lane, pending, order);
    } catch (SQLException e) {
      if (SqlFailure.of(e) != SqlFailure.NO_PARTITION) {
        throw e;
      }
      // A partition that we knew was dropped meanwhile.
      preparation.partitionsChanged();
      return fill(connection, lane, pending, order);
    }
  }

  private int fill(Connection connection, int lane, PendingBatch pending, FillOrder order)
      throws SQLException {
    preparation.prepare(connection, List.of(pending));
    if (order.leads()) {
      fence.register(connection, lane, Set.of(order.clusterId()));
    }
    WriteBatch batch = pending.batch();
    int samples = batch.samples().size();
    int filled = 0;
    for (int from = 0; from < samples; from += MOST_ITEMS) {
      int first = from;
      int end = Math.min(samples, from + MOST_ITEMS);
      filled +=
          ShortTransaction.run(
              connection,
              3,
              RETRIED,
              c ->
                  transaction(
                      c,
                      lane,
                      pending,
                      order,
                      newest(batch.samples(), first, end),
                      (cc, running) -> fillSamples(cc, order, batch, first, end, running)));
    }
    int rare = batch.histograms().size() + batch.exemplars().size();
    if (rare > 0) {
      filled +=
          ShortTransaction.run(
              connection,
              3,
              RETRIED,
              c ->
                  transaction(
                      c,
                      lane,
                      pending,
                      order,
                      newest(batch),
                      (cc, running) -> fillRare(cc, order, batch, running)));
    }
    return filled;
  }

  /** Fills; returns how many items fitted. */
  @FunctionalInterface
  private interface Filling {
    int fill(Connection connection, long runningFromMs) throws SQLException;
  }

  private int transaction(
      Connection connection,
      int lane,
      PendingBatch pending,
      FillOrder order,
      long newestMs,
      Filling filling)
      throws SQLException {
    HaSession.prepare(connection);
    long runningFromMs = lock(connection, order);
    int filled = filling.fill(connection, runningFromMs);
    for (CommitGuard guard : guards) {
      guard.check(connection, List.of(pending));
    }
    if (order.patchId() > 0) {
      notePatch(connection, order, filled);
    }
    if (order.leads()) {
      // Its term begins before the seal where the one before had samples ahead of wall time.
      LeaseClaim life = new LeaseClaim(order.clusterId(), order.fence(), newestMs, 0);
      fence.passAlive(connection, lane, Map.of(order.clusterId(), life));
    }
    return filled;
  }

  private static long newest(Samples samples, int from, int end) {
    long newest = Lease.NO_TIME;
    for (int i = from; i < end; i++) {
      newest = Math.max(newest, samples.timestampMs(i));
    }
    return newest;
  }

  private static long newest(WriteBatch batch) {
    return batch.histograms().stream()
        .mapToLong(HistogramSample::timestampMs)
        .max()
        .orElse(Lease.NO_TIME);
  }

  /**
   * Returns where the running term starts, from the view of others than its leader: what that one
   * says of its own series needs no caution.
   */
  private static long lock(Connection connection, FillOrder order) throws SQLException {
    try (PreparedStatement lock = connection.prepareStatement(LOCK)) {
      lock.setLong(1, order.clusterId());
      try (ResultSet row = lock.executeQuery()) {
        if (!row.next() || !order.fence().equals(row.getObject(1, UUID.class))) {
          throw new LeaseChanged(Set.of(order.clusterId()));
        }
        long startMs = row.getLong(2);
        boolean first = row.wasNull();
        return order.patchId() == 0 ? Long.MAX_VALUE : first ? Lease.NO_TIME : startMs;
      }
    }
  }

  /**
   * Notes what was filled. Only that keeps a patch open: else a standby whose samples fit nowhere
   * would hold others up, and they it, for as long as it sends.
   */
  private static void notePatch(Connection connection, FillOrder order, int filled)
      throws SQLException {
    try (PreparedStatement patch = connection.prepareStatement(PATCH)) {
      patch.setInt(1, filled);
      patch.setBoolean(2, filled > 0);
      patch.setLong(3, order.patchId());
      if (patch.executeUpdate() != 1) {
        throw new LeaseChanged(Set.of(order.clusterId())); // it was closed meanwhile
      }
    }
  }

  private static int fillSamples(
      Connection connection,
      FillOrder order,
      WriteBatch batch,
      int from,
      int end,
      long runningFromMs)
      throws SQLException {
    Samples samples = batch.samples();
    SeriesTable series = batch.series();
    long[] ids = new long[end - from];
    long[] times = new long[end - from];
    for (int i = from; i < end; i++) {
      ids[i - from] = series.id(samples.series(i));
      times[i - from] = samples.timestampMs(i);
    }
    boolean[] fitting =
        Neighbours.SAMPLE.fitting(connection, order.clusterId(), ids, times, runningFromMs);
    SampleRows rows = new SampleRows(end - from);
    Samples chosen = new Samples(end - from);
    for (int i = from; i < end; i++) {
      if (fitting[i - from]) {
        chosen.add(samples.series(i), samples.timestampMs(i), samples.valueBits(i));
      }
    }
    if (chosen.size() == 0) {
      return 0;
    }
    rows.add(series, chosen, 0);
    rows.sort();
    return (int) BatchTransaction.insertMissing(connection, rows, rows.all());
  }

  private int fillRare(Connection connection, FillOrder order, WriteBatch batch, long runningFromMs)
      throws SQLException {
    List<HistogramSample> histograms = batch.histograms();
    SeriesTable series = batch.series();
    long[] ids = histograms.stream().mapToLong(h -> series.id(h.seriesRow())).toArray();
    long[] times = histograms.stream().mapToLong(HistogramSample::timestampMs).toArray();
    boolean[] fitting =
        ids.length == 0
            ? new boolean[0]
            : Neighbours.HISTOGRAM.fitting(
                connection, order.clusterId(), ids, times, runningFromMs);
    List<HistogramSample> chosen = new ArrayList<>();
    for (int i = 0; i < fitting.length; i++) {
      if (fitting[i]) {
        chosen.add(histograms.get(i));
      }
    }
    // Exemplars have no spacing: one more does no harm.
    WriteBatch part =
        new WriteBatch(
            batch.tenant(),
            List.of(),
            series,
            new Samples(0),
            chosen,
            batch.exemplars(),
            List.of());
    rareRows.insert(connection, List.of(part));
    return chosen.size();
  }
}
