package org.promscale.system;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import javax.sql.DataSource;

/** What a query returns, as text. */
final class Rows {

  private Rows() {}

  /** Returns the rows, columns joined by {@code |}, SQL's null as {@code null}. */
  static List<String> of(DataSource database, String query) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      List<String> texts = new ArrayList<>();
      while (rows.next()) {
        StringBuilder text = new StringBuilder(String.valueOf(rows.getString(1)));
        for (int i = 2; i <= rows.getMetaData().getColumnCount(); i++) {
          text.append('|').append(rows.getString(i));
        }
        texts.add(text.toString());
      }
      return texts;
    }
  }

  /** Returns time in milliseconds and bits of the value of a metric's samples, in order of time. */
  static List<String> samples(DataSource database, String metric) throws SQLException {
    return of(
        database,
        "SELECT (extract(epoch FROM time) * 1000)::bigint, encode(float8send(value), 'hex')"
            + " FROM prom_data.sample WHERE "
            + seriesOf(metric)
            + " ORDER BY 1, 2");
  }

  /** Returns a condition on the column {@code series_id}. */
  static String seriesOf(String metric) {
    return "series_id IN (SELECT id FROM _prom_catalog.series WHERE labels->>'__name__' = '"
        + metric
        + "')";
  }

  /** Returns a row as {@link #samples} does. */
  static String row(long timestampMs, long bits) {
    return timestampMs + "|" + hex(bits);
  }

  /** Returns bits as SQL prints them. */
  static String hex(long bits) {
    return HexFormat.of().toHexDigits(bits);
  }
}
