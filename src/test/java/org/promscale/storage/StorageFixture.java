package org.promscale.storage;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.promscale.model.Labels;

/** What the contracts need of the class that runs them, and how they talk to the database. */
interface StorageFixture {

  /** Returns a migrated database that the tests of one class share. */
  DataSource database();

  /** Returns a database of the test's own, empty. */
  DataSource emptyDatabase();

  /** Returns a database of the test's own, migrated. */
  default DataSource freshDatabase() throws SQLException {
    DataSource fresh = emptyDatabase();
    new SchemaMigrator(fresh).migrate();
    return fresh;
  }

  /** Runs statements, each in a transaction of its own. */
  default void execute(DataSource database, String... statements) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** Returns the rows as text, columns separated by a bar, null as an empty text. */
  default List<String> rows(DataSource database, String sql) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      List<String> rows = new ArrayList<>();
      int columns = result.getMetaData().getColumnCount();
      while (result.next()) {
        List<String> cells = new ArrayList<>();
        for (int i = 1; i <= columns; i++) {
          String cell = result.getString(i);
          cells.add(cell == null ? "" : cell);
        }
        rows.add(String.join("|", cells));
      }
      return rows;
    }
  }

  /** Returns the names of the columns of a query. */
  default List<String> columns(DataSource database, String sql) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      List<String> names = new ArrayList<>();
      for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
        names.add(result.getMetaData().getColumnName(i));
      }
      return names;
    }
  }

  /** Registers series as a connector does. */
  default long[] register(DataSource database, Labels... series) throws SQLException {
    try (Connection connection = database.getConnection()) {
      connection.setAutoCommit(false);
      return new SeriesCatalog().register(connection, 0, List.of(series));
    }
  }
}
