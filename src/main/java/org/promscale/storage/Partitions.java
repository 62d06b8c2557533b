package org.promscale.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import javax.sql.DataSource;
import org.promscale.ingest.BatchValidator;
import org.promscale.ingest.TimePartitions;

/**
 * The partitions of the data tables. Time is cut into slots of one length, numbered from 1970;
 * every table has one partition (or chunk) per slot. TimescaleDB would make its chunks by itself,
 * but in the transaction that stores, which then stops others; and a sender must not make us create
 * any number of them.
 *
 * <p>Thread-safe. Only {@link #isKnown} and the arithmetic are free of I/O.
 */
public final class Partitions implements TimePartitions {

  /** Earliest time that PostgreSQL can store, in milliseconds since 1970: 24 November 4714 BC. */
  public static final long MIN_TIMESTAMP_MS = BatchValidator.EARLIEST_MS;

  /**
   * Latest time that both PostgreSQL and TimescaleDB can store, in milliseconds since 1970: in the
   * year 294247.
   */
  public static final long MAX_TIMESTAMP_MS = 9_223_371_331_199_999L;

  /** Slots that are made before anybody asks. */
  private static final int SLOTS_AHEAD = 3;

  /**
   * What is usual for a sender that was away shortly. No partition is compressed sooner after its
   * end.
   */
  private static final long AT_WORK_MS = 3_600_000;

  /** Lock not available (another session holds the table), and two deadlock-like mishaps. */
  private static final Set<String> RETRY = Set.of("55P03", "40P01", "40001");

  private static final int MAX_ATTEMPTS = 4;

  /** Only bounds inside our own range are numbers here; partitions may reach beyond it. */
  private static final String EXISTING =
      """
      SELECT floor(extract(epoch FROM greatest(starts, _prom_catalog.slot_time(?))) * 1000)::bigint,
             floor(extract(epoch FROM least(ends, _prom_catalog.slot_time(?))) * 1000)::bigint,
             table_name = 'sample',
             partition::oid
        FROM _prom_catalog.partitions()
      """;

  /** What keeps those who store out of a table. No name or bound is asked for: that may wait. */
  private static final String LOCKED =
      """
      SELECT DISTINCT relation FROM pg_locks
       WHERE locktype = 'relation' AND granted AND pid IS DISTINCT FROM pg_backend_pid()
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
      """;

  private final DataSource dataSource;
  private final long slotMs;
  private volatile TimeSpans known = TimeSpans.NONE;
  private volatile long retentionMs = Long.MAX_VALUE;
  private volatile Map<Long, Span> byRelation = Map.of();
  private volatile long endedBeforeMs = Long.MIN_VALUE;

  /** What a relation holds: milliseconds since 1970, the end exclusive. */
  private record Span(long start, long end) {}

  private Partitions(DataSource dataSource, long slotMs) {
    this.dataSource = dataSource;
    this.slotMs = slotMs;
  }

  /**
   * Reads the length of a slot and the slots that exist from a migrated database.
   *
   * @throws SQLException if the database fails
   */
  public static Partitions load(DataSource dataSource) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT value::bigint FROM _prom_catalog.setting WHERE name = 'partition_ms'")) {
      row.next();
      Partitions partitions = new Partitions(dataSource, row.getLong(1));
      partitions.reload(connection);
      return partitions;
    }
  }

  /**
   * Tells whether a partition for this time is known to exist. Called for every sample: allocates
   * nothing, and usually costs two comparisons.
   *
   * @param timestampMs milliseconds since 1970
   */
  @Override
  public boolean isKnown(long timestampMs) {
    return known.contains(timestampMs);
  }

  /** Returns the number of the slot that holds this time; negative before 1970. */
  @Override
  public long slotOf(long timestampMs) {
    return Math.floorDiv(timestampMs, slotMs);
  }

  @Override
  public long retentionMs() {
    return retentionMs;
  }

  /**
   * Returns the time, in milliseconds since 1970, before which all partitions have ended at least
   * an hour ago, so that somebody may work on them. As of the last {@link #ensureAhead}; before
   * that none has.
   */
  long endedBeforeMs() {
    return endedBeforeMs;
  }

  /** Returns the length of a slot in milliseconds. */
  public long slotMs() {
    return slotMs;
  }

  /** Returns the first millisecond of a slot, since 1970. */
  public long startOf(long slot) {
    return Math.max(MIN_TIMESTAMP_MS, slot * slotMs);
  }

  /**
   * Returns those of the slots that do not exist. Asks the database when memory does not know them
   * all: another connector may have made them.
   */
  public SortedSet<Long> missing(Collection<Long> slots) throws SQLException {
    SortedSet<Long> missing = unknown(slots);
    if (!missing.isEmpty()) {
      reload();
      missing = unknown(missing);
    }
    return missing;
  }

  /**
   * Makes the slots that do not exist, each in a transaction of its own. Does not wait for sessions
   * that are writing into other slots. Other connectors may be making the same ones.
   *
   * @throws SQLException with state 55P03 if a table stayed locked for several seconds
   */
  public void ensure(Collection<Long> slots) throws SQLException {
    SortedSet<Long> missing = unknown(slots);
    if (missing.isEmpty()) {
      return;
    }
    try (Connection connection = dataSource.getConnection()) {
      connection.setAutoCommit(false);
      for (long slot : missing) {
        long start = startOf(slot);
        long end = (slot + 1) * slotMs;
        ShortTransaction.run(connection, MAX_ATTEMPTS, RETRY, c -> create(c, start, end));
        remember(start, end);
      }
    }
  }

  /**
   * Makes the slot of now and a few after it, and learns what other connectors made or dropped.
   * Meant to be called by a schedule, several times per slot.
   */
  public void ensureAhead(Instant now) throws SQLException {
    endedBeforeMs = startOf(slotOf(now.toEpochMilli() - AT_WORK_MS));
    reload();
    long current = slotOf(now.toEpochMilli());
    SortedSet<Long> slots = new TreeSet<>();
    for (long slot = current; slot <= current + SLOTS_AHEAD; slot++) {
      slots.add(slot);
    }
    ensure(slots);
  }

  /**
   * Asks the database anew which slots exist, for instance after a partition was missed, and how
   * long samples are kept.
   */
  public void reload() throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      reload(connection);
    }
  }

  private void reload(Connection connection) throws SQLException {
    TimeSpans found = TimeSpans.NONE;
    Map<Long, Span> relations = new HashMap<>();
    try (PreparedStatement statement = connection.prepareStatement(EXISTING)) {
      statement.setLong(1, MIN_TIMESTAMP_MS);
      statement.setLong(2, MAX_TIMESTAMP_MS + 1);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          Span span = new Span(rows.getLong(1), rows.getLong(2));
          relations.put(rows.getLong(4), span);
          found = rows.getBoolean(3) ? found.with(span.start(), span.end()) : found;
        }
      }
    }
    long longest = longestRetention(connection);
    if (!connection.getAutoCommit()) {
      connection.commit();
    }
    known = found;
    byRelation = Map.copyOf(relations);
    retentionMs = longest == 0 ? Long.MAX_VALUE : longest;
  }

  /**
   * Returns the times of partitions that other sessions have locked against those who store; of
   * partitions that are younger than the last look at all of them nothing is known. Whoever waits
   * for such a lock does not count.
   *
   * @param connection in a transaction, or not
   */
  TimeSpans locked(Connection connection) throws SQLException {
    Map<Long, Span> spans = byRelation;
    TimeSpans locked = TimeSpans.NONE;
    try (PreparedStatement statement = connection.prepareStatement(LOCKED);
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        Span span = spans.get(rows.getLong(1));
        locked = span == null ? locked : locked.with(span.start(), span.end());
      }
    }
    return locked;
  }

  private static long longestRetention(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT _prom_catalog.longest_retention_ms()")) {
      row.next();
      return row.getLong(1);
    }
  }

  private static boolean create(Connection connection, long start, long end) throws SQLException {
    ShortTransaction.waitBriefly(connection);
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT _prom_catalog.create_slot(?, ?)")) {
      statement.setLong(1, start);
      statement.setLong(2, end);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  private SortedSet<Long> unknown(Collection<Long> slots) {
    SortedSet<Long> unknown = new TreeSet<>();
    for (long slot : slots) {
      if (!isKnown(startOf(slot))) {
        unknown.add(slot);
      }
    }
    return unknown;
  }

  private synchronized void remember(long start, long end) {
    known = known.with(start, end);
  }
}
