package org.promscale.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The two views of one metric: gives them a name and their new labels a column, then has the
 * database create them. Names once given stay. Works inside the caller's transaction, under the
 * lock of {@link ViewKeeper}.
 */
final class MetricView {

  /** A view has at most 1,600 columns; labels beyond this number are found in the column labels. */
  private static final int MAX_COLUMNS = 1_500;

  private static final String NAME_TAKEN =
      """
      SELECT EXISTS (SELECT FROM _prom_catalog.metric WHERE view_name = ?)
          OR EXISTS (SELECT FROM pg_catalog.pg_class
                      WHERE relname = ?
                        AND relnamespace IN ('prom_metric'::regnamespace, 'prom_series'::regnamespace))
      """;

  private final Connection connection;
  private final long metricId;

  MetricView(Connection connection, long metricId) {
    this.connection = connection;
    this.metricId = metricId;
  }

  /** Creates the views or appends the columns that they lack; a metric that is gone is nothing. */
  void publish() throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT tenant_id, name, view_name FROM _prom_catalog.metric WHERE id = ?")) {
      statement.setLong(1, metricId);
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          return;
        }
        if (row.getString(3) == null) {
          assignName(ViewNames.view(row.getInt(1), row.getString(2)));
        }
      }
    }
    assignColumns();
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT _prom_catalog.publish_views(?)")) {
      statement.setLong(1, metricId);
      statement.execute();
    }
  }

  private void assignName(String wanted) throws SQLException {
    String name = ViewNames.free(wanted, this::isTaken);
    try (PreparedStatement statement =
        connection.prepareStatement("UPDATE _prom_catalog.metric SET view_name = ? WHERE id = ?")) {
      statement.setString(1, name);
      statement.setLong(2, metricId);
      statement.executeUpdate();
    }
  }

  private boolean isTaken(String name) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(NAME_TAKEN)) {
      statement.setString(1, name);
      statement.setString(2, name);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  private void assignColumns() throws SQLException {
    Set<String> columns = new HashSet<>();
    List<String> newKeys = new ArrayList<>();
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT key, position IS NULL, column_name FROM _prom_catalog.metric_label"
                + " WHERE metric_id = ? ORDER BY key")) {
      statement.setLong(1, metricId);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          String column = rows.getString(3);
          if (rows.getBoolean(2)) {
            newKeys.add(rows.getString(1));
          } else if (column != null) {
            columns.add(column);
          }
        }
      }
    }
    if (newKeys.isEmpty()) {
      return;
    }
    try (PreparedStatement statement =
        connection.prepareStatement(
            "UPDATE _prom_catalog.metric_label SET position = ?, column_name = ?"
                + " WHERE metric_id = ? AND key = ?")) {
      for (String key : newKeys) {
        boolean room = columns.size() < MAX_COLUMNS;
        if (room) {
          String column = ViewNames.free(ViewNames.column(key), columns::contains);
          columns.add(column);
          statement.setInt(1, columns.size());
          statement.setString(2, column);
        } else {
          statement.setInt(1, 0);
          statement.setNull(2, Types.VARCHAR);
        }
        statement.setLong(3, metricId);
        statement.setString(4, key);
        statement.addBatch();
      }
      statement.executeBatch();
    }
  }
}
