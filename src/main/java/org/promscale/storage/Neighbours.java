package org.promscale.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.promscale.ha.HoleFinder;

/** Finds which rows of a batch fit holes of their series. Stateless. */
final class Neighbours {

  // Nine give eight distances; a day back and forth, so that few partitions are looked at.
  private static final String AROUND =
      """
      SELECT w.id, _prom_catalog.data_ms(n.time)
      FROM unnest(?::bigint[], ?::bigint[], ?::bigint[]) AS w (id, first, last)
      CROSS JOIN LATERAL (
        (SELECT time FROM prom_data.%1$s WHERE series_id = w.id AND time < _prom_catalog.data_time(w.first)
           AND time >= _prom_catalog.data_time(w.first) - interval '1 day' ORDER BY time DESC LIMIT 9)
        UNION ALL
        (SELECT time FROM prom_data.%1$s WHERE series_id = w.id
           AND time BETWEEN _prom_catalog.data_time(w.first) AND _prom_catalog.data_time(w.last))
        UNION ALL
        (SELECT time FROM prom_data.%1$s WHERE series_id = w.id AND time > _prom_catalog.data_time(w.last)
           AND time <= _prom_catalog.data_time(w.last) + interval '1 day' ORDER BY time LIMIT 9)) n
      ORDER BY 1, 2
      """;

  private Neighbours() {}

  /**
   * Returns for each row whether it fits.
   *
   * @param table {@code sample} or {@code histogram}
   * @param seriesIds series of each row
   * @param timestampsMs times of each row; the same series and time may come twice
   */
  static boolean[] fitting(
      Connection connection, String table, long[] seriesIds, long[] timestampsMs)
      throws SQLException {
    // By series, then by time; the first row of a time stands for all of them.
    Map<Long, NavigableMap<Long, Integer>> wanted = new TreeMap<>();
    for (int i = 0; i < seriesIds.length; i++) {
      wanted.computeIfAbsent(seriesIds[i], id -> new TreeMap<>()).putIfAbsent(timestampsMs[i], i);
    }
    Map<Long, List<Long>> stored = stored(connection, table, wanted);
    boolean[] fitting = new boolean[seriesIds.length];
    wanted.forEach(
        (id, rows) -> {
          long[] candidates = rows.keySet().stream().mapToLong(Long::longValue).toArray();
          boolean[] fits = HoleFinder.fits(longs(stored.getOrDefault(id, List.of())), candidates);
          for (int i = 0; i < candidates.length; i++) {
            Integer row = rows.get(candidates[i]);
            if (fits[i] && row != null) {
              fitting[row] = true;
            }
          }
        });
    return fitting;
  }

  private static Map<Long, List<Long>> stored(
      Connection connection, String table, Map<Long, NavigableMap<Long, Integer>> wanted)
      throws SQLException {
    Map<Long, List<Long>> stored = new HashMap<>();
    try (PreparedStatement around = connection.prepareStatement(AROUND.formatted(table))) {
      around.setObject(1, wanted.keySet().stream().mapToLong(Long::longValue).toArray());
      around.setObject(2, wanted.values().stream().mapToLong(NavigableMap::firstKey).toArray());
      around.setObject(3, wanted.values().stream().mapToLong(NavigableMap::lastKey).toArray());
      try (ResultSet row = around.executeQuery()) {
        while (row.next()) {
          stored.computeIfAbsent(row.getLong(1), id -> new ArrayList<>()).add(row.getLong(2));
        }
      }
    }
    return stored;
  }

  private static long[] longs(List<Long> values) {
    return values.stream().mapToLong(Long::longValue).toArray();
  }
}
