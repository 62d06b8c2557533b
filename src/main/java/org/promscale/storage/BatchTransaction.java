package org.promscale.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.promscale.ha.LeaseClaim;
import org.promscale.ingest.BatchListener;
import org.promscale.ingest.LeaseChanged;
import org.promscale.model.WriteBatch;

/**
 * The storing transaction: COPY, the rare kinds, the guards, COMMIT. Either all of a group is
 * stored or nothing.
 *
 * <p>The fast path is COPY straight into the table, which a row that exists already makes fail.
 * Then the group is done again without the requests that hold the reported series, those go through
 * {@code ON CONFLICT DO NOTHING}; after a second violation the whole group does, and so it does
 * where TimescaleDB refuses to look for duplicates in compressed chunks. The first value wins in
 * any case. Thread-safe.
 */
public final class BatchTransaction {

  private static final String COPY =
      "COPY prom_data.sample (time, series_id, value) FROM STDIN (FORMAT BINARY)";

  private static final String INSERT_MISSING =
      "INSERT INTO prom_data.sample (time, series_id, value) SELECT "
          + SqlTime.expression("t.day", "t.ms")
          + ", t.series_id, t.value"
          + " FROM unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::float8[])"
          + " AS t (day, ms, series_id, value) ON CONFLICT DO NOTHING";

  private static final int MAX_ATTEMPTS = 8;

  private final boolean synchronousCommit;
  private final List<CommitGuard> guards;
  private final LaneFence fence;
  private final RareRows rareRows;
  private final BatchListener listener;
  private final LongSupplier nanoClock;

  /**
   * Makes the transaction's description.
   *
   * @param synchronousCommit whether COMMIT waits until the data is on disk
   * @param guards checked in this order right before COMMIT
   * @param fence checked after the guards, as the last statement of all
   * @param nanoClock a clock that never jumps, in nanoseconds
   */
  public BatchTransaction(
      boolean synchronousCommit,
      List<CommitGuard> guards,
      LaneFence fence,
      BatchListener listener,
      LongSupplier nanoClock) {
    this.synchronousCommit = synchronousCommit;
    this.guards = List.copyOf(guards);
    this.fence = fence;
    this.rareRows = new RareRows();
    this.listener = listener;
    this.nanoClock = nanoClock;
  }

  /**
   * Stores a group whose series all have ids.
   *
   * @param late whether some of it is of a time whose partition has ended: then it waits a second
   *     for a lock, not for as long as somebody works there
   * @throws SQLException with the transaction possibly still open: the caller rolls back
   * @throws org.promscale.ingest.IngestFailure if a guard refuses; likewise
   * @throws LeaseChanged if leadership of a cluster in the group has changed; likewise
   */
  void store(Connection connection, int lane, List<PendingBatch> group, boolean late)
      throws SQLException {
    Map<Long, LeaseClaim> claims = LaneFence.claims(group);
    requireOneFence(group, claims);
    long started = nanoClock.getAsLong();
    SampleRows rows = rowsOf(group);
    Set<Integer> careful = new HashSet<>();
    for (int attempt = 1; ; attempt++) {
      try {
        long stored = attempt(connection, lane, claims, group, rows, careful, late);
        listener.committed(
            group.size(),
            stored,
            rows.repeatedCount() + rows.distinctCount() - stored,
            nanoClock.getAsLong() - started);
        return;
      } catch (SQLException e) {
        SqlFailure kind = SqlFailure.of(e);
        boolean again =
            switch (kind) {
              case TRANSIENT, DUPLICATE -> true;
              case LIMIT -> careful.size() < group.size();
              default -> false;
            };
        if (!again || attempt == MAX_ATTEMPTS) {
          throw e;
        }
        connection.rollback();
        listener.retried();
        if (kind == SqlFailure.DUPLICATE) {
          markCareful(rows, careful, group.size(), PgDriver.seriesIdOfViolation(e));
        } else if (kind == SqlFailure.LIMIT) {
          markAll(careful, group.size());
        }
      }
    }
  }

  /** Requests that were judged under different fences cannot be in one transaction. */
  private static void requireOneFence(List<PendingBatch> group, Map<Long, LeaseClaim> claims) {
    for (PendingBatch pending : group) {
      for (LeaseClaim claim : pending.claims()) {
        LeaseClaim merged = claims.get(claim.clusterId());
        if (merged != null && !merged.fence().equals(claim.fence())) {
          throw new LeaseChanged(Set.of(claim.clusterId()));
        }
      }
    }
  }

  private static SampleRows rowsOf(List<PendingBatch> group) {
    int count = group.stream().mapToInt(p -> p.batch().samples().size()).sum();
    SampleRows rows = new SampleRows(count);
    for (int i = 0; i < group.size(); i++) {
      WriteBatch batch = group.get(i).batch();
      rows.add(batch.series(), batch.samples(), i);
    }
    rows.sort();
    return rows;
  }

  /** The first violation names a series: its requests turn careful; the second turns all. */
  private static void markCareful(SampleRows rows, Set<Integer> careful, int requests, long id) {
    boolean first = careful.isEmpty();
    if (first && id >= 0) {
      for (int row : rows.all()) {
        if (rows.seriesId[row] == id) {
          careful.add(rows.owner[row]);
        }
      }
    }
    if (!first || careful.isEmpty()) {
      markAll(careful, requests);
    }
  }

  private static void markAll(Set<Integer> careful, int requests) {
    for (int i = 0; i < requests; i++) {
      careful.add(i);
    }
  }

  private long attempt(
      Connection connection,
      int lane,
      Map<Long, LeaseClaim> claims,
      List<PendingBatch> group,
      SampleRows rows,
      Set<Integer> careful,
      boolean late)
      throws SQLException {
    if (late) {
      ShortTransaction.waitBriefly(connection);
    }
    if (!claims.isEmpty()) {
      HaSession.prepareStore(connection);
    }
    if (!synchronousCommit) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("SET LOCAL synchronous_commit = off");
      }
    }
    long stored = 0;
    int[] fast =
        careful.isEmpty() ? rows.all() : rows.select(r -> !careful.contains(rows.owner[r]));
    if (fast.length > 0) {
      stored += copy(connection, rows, fast);
    }
    if (fast.length < rows.distinctCount()) {
      stored += insertMissing(connection, rows, rows.select(r -> careful.contains(rows.owner[r])));
    }
    rareRows.insert(connection, group.stream().map(PendingBatch::batch).toList());
    ShelfRows.insert(connection, group.stream().flatMap(p -> p.left().stream()).toList());
    for (CommitGuard guard : guards) {
      guard.check(connection, group);
    }
    fence.pass(connection, lane, claims);
    connection.commit();
    return stored;
  }

  private static long copy(Connection connection, SampleRows rows, int[] chosen)
      throws SQLException {
    try (PgDriver.Copy copy = PgDriver.copyIn(connection, COPY)) {
      new CopyEncoder().encode(rows, chosen, copy::write);
      return copy.end();
    }
  }

  /** Inserts these rows unless they are there. */
  static long insertMissing(Connection connection, SampleRows rows, int[] chosen)
      throws SQLException {
    long[] days = Arrays.stream(chosen).mapToLong(r -> SqlTime.day(rows.timestampMs[r])).toArray();
    long[] millis =
        Arrays.stream(chosen).mapToLong(r -> SqlTime.millisecond(rows.timestampMs[r])).toArray();
    long[] ids = Arrays.stream(chosen).mapToLong(r -> rows.seriesId[r]).toArray();
    double[] values = new double[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      values[i] = Double.longBitsToDouble(rows.valueBits[chosen[i]]);
    }
    try (PreparedStatement statement = connection.prepareStatement(INSERT_MISSING)) {
      statement.setObject(1, days);
      statement.setObject(2, millis);
      statement.setObject(3, ids);
      statement.setObject(4, values);
      return statement.executeUpdate();
    }
  }
}
