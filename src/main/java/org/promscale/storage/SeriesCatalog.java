package org.promscale.storage;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.promscale.model.Labels;
import org.promscale.model.SeriesTable;

/**
 * Gives series their ids. Any number of connectors may register the same series at once and get the
 * same ids. Thread-safe; a connection is used by one thread.
 */
public final class SeriesCatalog {

  /** Few enough that others wait only briefly for the series we are about to commit. */
  private static final int SERIES_PER_TRANSACTION = 10_000;

  private static final int MAX_ATTEMPTS = 8;

  /**
   * Deadlock, serialization failure, and a metric that was dropped between finding it and using it.
   */
  private static final Set<String> RETRY = Set.of("40P01", "40001", "23503");

  /** A serialization failure, as PostgreSQL itself would call it. */
  private static final String GONE_MEANWHILE = "40001";

  private static final String FIND_SERIES =
      """
      SELECT u.n::int, s.id, f.series_id IS NOT NULL
        FROM unnest(?::uuid[]) WITH ORDINALITY AS u (identity, n)
        JOIN _prom_catalog.series s ON s.tenant_id = ? AND s.identity = u.identity
        LEFT JOIN _prom_catalog.forgotten_series f ON f.series_id = s.id
      """;

  private static final String KEEP_SERIES =
      "DELETE FROM _prom_catalog.forgotten_series WHERE series_id = ANY (?)";

  /** Who deletes values of labels that no series has takes it alone. */
  private static final String KEEP_LABELS =
      "SELECT pg_advisory_xact_lock_shared(_prom_catalog.lock_key('labels'))";

  private static final String INSERT_SERIES =
      """
      INSERT INTO _prom_catalog.series (tenant_id, metric_id, identity, labels)
      SELECT ?, u.metric_id, u.identity, u.labels::jsonb
        FROM unnest(?::bigint[], ?::uuid[], ?::text[]) AS u (metric_id, identity, labels)
       ORDER BY u.identity
          ON CONFLICT (tenant_id, identity) DO NOTHING
      """;

  /**
   * Registers series that the caller has no ids for, in transactions of its own. Waits where
   * another connector is registering the same ones.
   *
   * @param connection at READ COMMITTED, without auto-commit, no transaction open; likewise
   *     afterwards
   * @param tenant whose series they are
   * @param newSeries full label sets, in any order, repetitions allowed
   * @return ids, all positive, in the order of the series
   * @throws SQLException if the database fails; what was registered so far stays and is harmless
   */
  public long[] register(Connection connection, int tenant, List<Labels> newSeries)
      throws SQLException {
    Entry[] sorted = sortedEntries(newSeries);
    long[] ids = new long[newSeries.size()];
    int from = 0;
    while (from < sorted.length) {
      int to = Math.min(sorted.length, from + SERIES_PER_TRANSACTION);
      Entry[] part = distinct(sorted, from, to);
      Map<UUID, Long> found =
          ShortTransaction.run(connection, MAX_ATTEMPTS, RETRY, c -> registerPart(c, tenant, part));
      for (int i = from; i < to; i++) {
        Long id = found.get(sorted[i].identity);
        if (id == null) {
          throw new SQLException("series was registered but not found: " + sorted[i].labels);
        }
        ids[sorted[i].position] = id;
      }
      from = to;
    }
    return ids;
  }

  /**
   * Looks a few series up, in one statement, to read what they have: the ids are not to be stored
   * under, for the series may be about to be deleted.
   *
   * @return ids in the order of the series, {@link SeriesTable#UNKNOWN_ID} where one is not stored
   */
  long[] find(Connection connection, int tenant, List<Labels> series) throws SQLException {
    Entry[] entries = sortedEntries(series);
    Map<UUID, Long> found = new HashMap<>();
    find(connection, tenant, entries, found);
    long[] ids = new long[entries.length];
    for (Entry entry : entries) {
      ids[entry.position] = found.getOrDefault(entry.identity, SeriesTable.UNKNOWN_ID);
    }
    return ids;
  }

  /** All connectors insert in this order, so they wait for each other but never in a circle. */
  private static Entry[] sortedEntries(List<Labels> series) {
    LabelIdentity identity = new LabelIdentity();
    Entry[] entries = new Entry[series.size()];
    for (int i = 0; i < entries.length; i++) {
      Labels labels = series.get(i);
      entries[i] = new Entry(identity.of(labels), labels, i);
    }
    Arrays.sort(entries, Comparator.comparing(Entry::identity, SeriesCatalog::compareUnsigned));
    return entries;
  }

  /** PostgreSQL orders uuids as unsigned bytes, Java as signed numbers. */
  private static int compareUnsigned(UUID a, UUID b) {
    int high = Long.compareUnsigned(a.getMostSignificantBits(), b.getMostSignificantBits());
    return high != 0
        ? high
        : Long.compareUnsigned(a.getLeastSignificantBits(), b.getLeastSignificantBits());
  }

  private static Entry[] distinct(Entry[] sorted, int from, int to) {
    Entry[] result = new Entry[to - from];
    int count = 0;
    for (int i = from; i < to; i++) {
      if (count == 0 || !sorted[i].identity.equals(result[count - 1].identity)) {
        result[count++] = sorted[i];
      }
    }
    return Arrays.copyOf(result, count);
  }

  private static Map<UUID, Long> registerPart(Connection connection, int tenant, Entry[] part)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      // The tables grow from nothing to millions of rows faster than statistics follow.
      statement.execute(
          "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;"
              + " SET LOCAL enable_mergejoin = off; SET LOCAL jit = off");
    }
    Map<UUID, Long> ids = new HashMap<>(part.length * 2);
    keep(connection, find(connection, tenant, part, ids));
    Entry[] missing =
        Arrays.stream(part).filter(e -> !ids.containsKey(e.identity)).toArray(Entry[]::new);
    if (missing.length > 0) {
      try (Statement statement = connection.createStatement()) {
        statement.execute(KEEP_LABELS);
      }
      Collection<Labels> sets = Arrays.stream(missing).map(Entry::labels).toList();
      Map<String, Long> metrics = new LabelDictionary(connection, tenant).register(sets);
      insert(connection, tenant, missing, metrics);
      keep(connection, find(connection, tenant, missing, ids));
    }
    return ids;
  }

  /** Returns the ids of those series that maintenance has marked as being without samples. */
  private static List<Long> find(
      Connection connection, int tenant, Entry[] entries, Map<UUID, Long> ids) throws SQLException {
    List<Long> marked = new ArrayList<>();
    Array identities = identities(connection, entries);
    try (PreparedStatement statement = connection.prepareStatement(FIND_SERIES)) {
      statement.setArray(1, identities);
      statement.setInt(2, tenant);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          ids.put(entries[rows.getInt(1) - 1].identity, rows.getLong(2));
          if (rows.getBoolean(3)) {
            marked.add(rows.getLong(2));
          }
        }
      }
    } finally {
      identities.free();
    }
    return marked;
  }

  /** Takes the marks away; whoever holds one of them is about to delete the series. */
  private static void keep(Connection connection, List<Long> marked) throws SQLException {
    if (marked.isEmpty()) {
      return;
    }
    try (PreparedStatement statement = connection.prepareStatement(KEEP_SERIES)) {
      statement.setArray(1, connection.createArrayOf("bigint", marked.toArray()));
      if (statement.executeUpdate() != marked.size()) {
        throw new SQLException("a series was deleted while it was looked up", GONE_MEANWHILE);
      }
    }
  }

  private static void insert(
      Connection connection, int tenant, Entry[] missing, Map<String, Long> metrics)
      throws SQLException {
    Long[] metricIds = new Long[missing.length];
    String[] labels = new String[missing.length];
    LabelsJson json = new LabelsJson();
    for (int i = 0; i < missing.length; i++) {
      metricIds[i] = metrics.get(missing[i].labels.metricName());
      labels[i] = json.write(missing[i].labels);
    }
    try (PreparedStatement statement = connection.prepareStatement(INSERT_SERIES)) {
      statement.setInt(1, tenant);
      statement.setArray(2, connection.createArrayOf("bigint", metricIds));
      statement.setArray(3, identities(connection, missing));
      statement.setArray(4, connection.createArrayOf("text", labels));
      statement.executeUpdate();
    }
  }

  private static Array identities(Connection connection, Entry[] entries) throws SQLException {
    return connection.createArrayOf(
        "uuid", Arrays.stream(entries).map(Entry::identity).toArray(UUID[]::new));
  }

  private record Entry(UUID identity, Labels labels, int position) {}
}
