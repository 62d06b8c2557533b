package org.promscale.testbed;

import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import javax.sql.DataSource;

/** Reads back through SQL what was stored, every bit of it. Thread-safe. */
public final class StoredSamples {

  // Through bytea: the text form of a float8 loses the payload of a NaN.
  private static final String SAMPLES =
      "SELECT series_id, (extract(epoch FROM time) * 1000)::bigint, float8send(value)"
          + " FROM prom_data.sample"
          + " WHERE time >= to_timestamp(? / 1000.0) AND time < to_timestamp(? / 1000.0)";
  private static final String LABELS =
      "SELECT s.id, l.key, l.value FROM _prom_catalog.series s, jsonb_each_text(s.labels) l";
  private static final int FETCH_ROWS = 10_000;

  private final DataSource database;

  /** Reads from this database. */
  public StoredSamples(DataSource database) {
    this.database = database;
  }

  /**
   * Returns the samples of a time range.
   *
   * @param fromMs first millisecond
   * @param untilMs the millisecond after the last
   * @throws IllegalStateException when a sample is there twice or has no series
   */
  public Set<SamplePoint> between(long fromMs, long untilMs) throws SQLException {
    try (Connection connection = database.getConnection()) {
      // One snapshot for labels and samples.
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      Map<Long, String> series = series(connection);
      Set<SamplePoint> points = new HashSet<>();
      try (PreparedStatement statement = connection.prepareStatement(SAMPLES)) {
        statement.setFetchSize(FETCH_ROWS);
        statement.setDouble(1, (double) fromMs);
        statement.setDouble(2, (double) untilMs);
        try (ResultSet rows = statement.executeQuery()) {
          while (rows.next()) {
            String name = series.get(rows.getLong(1));
            if (name == null) {
              throw new IllegalStateException("samples of unknown series " + rows.getLong(1));
            }
            long bits = ByteBuffer.wrap(rows.getBytes(3)).getLong();
            if (!points.add(new SamplePoint(name, rows.getLong(2), bits))) {
              throw new IllegalStateException(
                  "stored twice: " + new SamplePoint(name, rows.getLong(2), bits));
            }
          }
        }
      }
      connection.commit();
      return points;
    }
  }

  /** Returns every sample. */
  public Set<SamplePoint> all() throws SQLException {
    // The years 1900 and 3000, well inside what PostgreSQL can compute with.
    return between(-2_208_988_800_000L, 32_503_680_000_000L);
  }

  /** Returns the number of rows in the table of samples. */
  public long count() throws SQLException {
    return number("SELECT count(*) FROM prom_data.sample");
  }

  /** Returns the time of the newest sample in milliseconds, 0 without samples. */
  public long newestMs() throws SQLException {
    return number("SELECT coalesce(extract(epoch FROM max(time)) * 1000, 0) FROM prom_data.sample");
  }

  private long number(String query) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      rows.next();
      return rows.getBigDecimal(1).longValue();
    }
  }

  private static Map<Long, String> series(Connection connection) throws SQLException {
    Map<Long, Map<String, String>> labels = new HashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(LABELS)) {
      while (rows.next()) {
        labels
            .computeIfAbsent(rows.getLong(1), id -> new TreeMap<>())
            .put(rows.getString(2), rows.getString(3));
      }
    }
    Map<Long, String> names = new HashMap<>();
    labels.forEach((id, set) -> names.put(id, SamplePoint.series(set)));
    return names;
  }
}
