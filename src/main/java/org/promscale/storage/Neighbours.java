package org.promscale.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.promscale.ha.Authorship;
import org.promscale.ha.HoleFinder;
import org.promscale.ha.StoredTimes;

/** Finds which rows fit holes of their series, from what is stored around them. Stateless. */
enum Neighbours {
  /** Float samples. */
  SAMPLE("sample", "value"),
  /** Native histograms, whose stale marker is in their sum. */
  HISTOGRAM("histogram", "sum");

  // Seventeen give sixteen distances; a day back and forth, so that few partitions are looked at. A
  // stale
  // marker is one NaN of many, which only its bits tell.
  private static final String AROUND =
      """
      SELECT w.n, _prom_catalog.data_ms(n.time), float8send(n.v) = '\\x7ff0000000000002'
      FROM unnest(?::bigint[], ?::bigint[], ?::bigint[]) WITH ORDINALITY AS w (id, first, last, n)
      CROSS JOIN LATERAL (
        (SELECT time, %2$s AS v FROM prom_data.%1$s WHERE series_id = w.id AND time < _prom_catalog.data_time(w.first)
           AND time >= _prom_catalog.data_time(w.first) - interval '1 day' ORDER BY time DESC LIMIT 17)
        UNION ALL
        (SELECT time, %2$s FROM prom_data.%1$s WHERE series_id = w.id
           AND time BETWEEN _prom_catalog.data_time(w.first) AND _prom_catalog.data_time(w.last))
        UNION ALL
        (SELECT time, %2$s FROM prom_data.%1$s WHERE series_id = w.id AND time > _prom_catalog.data_time(w.last)
           AND time <= _prom_catalog.data_time(w.last) + interval '1 day' ORDER BY time LIMIT 17)) n
      ORDER BY 1, 2
      """;

  private final String around;

  Neighbours(String table, String value) {
    around = AROUND.formatted(table, value);
  }

  /**
   * Returns for each row whether it fits.
   *
   * @param clusterId whose series they are
   * @param seriesIds series of each row
   * @param timestampsMs times of each row; the same series and time may come twice
   * @param runningFromMs where the running term starts
   */
  boolean[] fitting(
      Connection connection,
      long clusterId,
      long[] seriesIds,
      long[] timestampsMs,
      long runningFromMs)
      throws SQLException {
    // By series, then by time; the first row of a time stands for all of them.
    Map<Long, NavigableMap<Long, Integer>> wanted = new TreeMap<>();
    for (int i = 0; i < seriesIds.length; i++) {
      wanted.computeIfAbsent(seriesIds[i], id -> new TreeMap<>()).putIfAbsent(timestampsMs[i], i);
    }
    long[] ids = wanted.keySet().stream().mapToLong(Long::longValue).toArray();
    long[] first = wanted.values().stream().mapToLong(NavigableMap::firstKey).toArray();
    long[] last = wanted.values().stream().mapToLong(NavigableMap::lastKey).toArray();
    Map<Integer, StoredTimes> stored = stored(connection, ids, first, last);
    Authorship authors = authors(connection, clusterId, stored, first, runningFromMs);
    boolean[] fitting = new boolean[seriesIds.length];
    int n = 0;
    for (NavigableMap<Long, Integer> rows : wanted.values()) {
      long[] candidates = rows.keySet().stream().mapToLong(Long::longValue).toArray();
      boolean[] fits =
          HoleFinder.fits(stored.getOrDefault(n++, StoredTimes.NONE), candidates, authors);
      for (int i = 0; i < candidates.length; i++) {
        Integer row = rows.get(candidates[i]);
        if (fits[i] && row != null) {
          fitting[row] = true;
        }
      }
    }
    return fitting;
  }

  /**
   * Returns for each row whether it lies in a hole of a series that has been stored so far.
   *
   * @param clusterId whose series they are
   * @param seriesIds series of each row
   * @param timestampsMs times of each row
   * @param runningFromMs where the running term starts
   */
  boolean[] holes(
      Connection connection,
      long clusterId,
      long[] seriesIds,
      long[] timestampsMs,
      long runningFromMs)
      throws SQLException {
    Map<Integer, StoredTimes> stored = stored(connection, seriesIds, timestampsMs, timestampsMs);
    Authorship authors = authors(connection, clusterId, stored, timestampsMs, runningFromMs);
    boolean[] holes = new boolean[seriesIds.length];
    for (int i = 0; i < holes.length; i++) {
      holes[i] =
          HoleFinder.isHole(stored.getOrDefault(i, StoredTimes.NONE), timestampsMs[i], authors);
    }
    return holes;
  }

  /** Asks who wrote what is stored only where that may matter, which is seldom. */
  private static Authorship authors(
      Connection connection,
      long clusterId,
      Map<Integer, StoredTimes> stored,
      long[] first,
      long runningFromMs)
      throws SQLException {
    boolean asked =
        stored.entrySet().stream()
            .anyMatch(one -> HoleFinder.asksForAuthors(one.getValue(), first[one.getKey()]));
    return asked
        ? AuthorRows.read(connection, clusterId, runningFromMs)
        : Authorship.runningFrom(runningFromMs);
  }

  /** Returns by the number of the question what is stored around it. */
  private Map<Integer, StoredTimes> stored(
      Connection connection, long[] ids, long[] first, long[] last) throws SQLException {
    Map<Integer, StoredTimes.Builder> stored = new HashMap<>();
    try (PreparedStatement statement = connection.prepareStatement(around)) {
      statement.setObject(1, ids);
      statement.setObject(2, first);
      statement.setObject(3, last);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          stored
              .computeIfAbsent(row.getInt(1) - 1, n -> new StoredTimes.Builder())
              .add(row.getLong(2), row.getBoolean(3));
        }
      }
    }
    Map<Integer, StoredTimes> built = new HashMap<>();
    stored.forEach((n, builder) -> built.put(n, builder.build()));
    return built;
  }
}
