package org.promscale.load;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyOut;

/**
 * What PostgreSQL itself can do: the rows that the run has stored, in the order in which they lie
 * in the table, are copied back in binary into an empty table with the same columns, indexes and
 * partitions, 10,000 rows a transaction. One thread at a time.
 */
final class CopyBaseline {

  /** What a partition has beside its primary key. */
  static final String TIME_INDEX =
      " USING brin (time) WITH (pages_per_range = 1024, autosummarize = on)";

  static final String CREATE_TIME_INDEX = "CREATE INDEX ON copy_baseline.sample" + TIME_INDEX;

  /** What no table that knows its duplicates can be. */
  static final String NO_INDEX = "ALTER TABLE copy_baseline.sample DROP CONSTRAINT sample_pkey";

  /** New rows lie together then, and a series is all over the index. */
  static final String KEY_BY_TIME = NO_INDEX + ", ADD PRIMARY KEY (time, series_id)";

  private static final int ROWS_PER_TRANSACTION = 10_000;

  /** Signature, flags and length of the extension of the binary format. */
  private static final int HEADER_BYTES = 19;

  private static final byte[] HEADER = {
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xff, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
  };
  private static final byte[] TRAILER = {(byte) 0xff, (byte) 0xff};

  private final DataSource database;
  private final List<byte[]> chunks = new ArrayList<>();
  private long rows;

  /**
   * Reads the rows.
   *
   * @param fromMs sample time of the first row
   * @param mostRows to keep in memory, about 40 bytes each
   */
  CopyBaseline(DataSource database, long fromMs, int mostRows) throws SQLException, IOException {
    this.database = database;
    String query =
        "COPY (SELECT * FROM prom_data.sample WHERE time >= to_timestamp("
            + fromMs
            + " / 1000.0) LIMIT "
            + mostRows
            + ") TO STDOUT (FORMAT binary)";
    try (Connection connection = database.getConnection()) {
      CopyOut out = connection.unwrap(PGConnection.class).getCopyAPI().copyOut(query);
      ByteArrayOutputStream chunk = new ByteArrayOutputStream();
      int rowsInChunk = 0;
      // One message a row; the first begins with the header, the last is the trailer.
      int skip = HEADER_BYTES;
      for (byte[] message = out.readFromCopy(); message != null; message = out.readFromCopy()) {
        if (message.length - skip <= TRAILER.length) {
          continue;
        }
        chunk.write(message, skip, message.length - skip);
        skip = 0;
        rows++;
        if (++rowsInChunk == ROWS_PER_TRANSACTION) {
          chunks.add(chunk.toByteArray());
          chunk.reset();
          rowsInChunk = 0;
        }
      }
      if (rowsInChunk > 0) {
        chunks.add(chunk.toByteArray());
      }
    }
  }

  /** Returns the number of rows. */
  long rows() {
    return rows;
  }

  /** Copies every row into a table like the connector's and returns the rows per second. */
  double rowsPerSecond(int connections) throws SQLException, IOException {
    return rowsPerSecond(connections, CREATE_TIME_INDEX);
  }

  /**
   * Copies every row in and returns the rows per second.
   *
   * @param change a statement that changes the empty table {@code copy_baseline.sample}, which has
   *     the primary key alone; may be empty
   */
  double rowsPerSecond(int connections, String change) throws SQLException, IOException {
    return rowsPerSecond(connections, change, "");
  }

  /**
   * Copies every row into a table that has all that the connector's held before this time.
   *
   * @param change as for an empty table
   */
  double rowsPerSecondOnto(int connections, String change, long beforeMs)
      throws SQLException, IOException {
    String fill =
        "INSERT INTO copy_baseline.sample SELECT * FROM prom_data.sample WHERE time < to_timestamp("
            + beforeMs
            + " / 1000.0)";
    return rowsPerSecond(connections, change, fill);
  }

  private double rowsPerSecond(int connections, String change, String fill)
      throws SQLException, IOException {
    execute("CREATE SCHEMA copy_baseline");
    try {
      createTable(change);
      if (!fill.isEmpty()) {
        execute(fill);
      }
      execute("CHECKPOINT");
      ExecutorService threads = Executors.newFixedThreadPool(connections);
      try {
        List<Connection> open = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
          open.add(database.getConnection());
        }
        long start = System.nanoTime();
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
          int first = i;
          running.add(threads.submit(() -> copy(open.get(first), first, connections)));
        }
        for (Future<?> one : running) {
          one.get();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        for (Connection connection : open) {
          connection.close();
        }
        return rows / seconds;
      } catch (ExecutionException e) {
        throw new IOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      } finally {
        threads.shutdownNow();
      }
    } finally {
      execute("DROP SCHEMA copy_baseline CASCADE");
    }
  }

  /** Every connection takes the next chunk but those of the others, as writers do. */
  private @Nullable Void copy(Connection connection, int first, int connections)
      throws SQLException {
    connection.setAutoCommit(false);
    PGConnection postgres = connection.unwrap(PGConnection.class);
    for (int i = first; i < chunks.size(); i += connections) {
      CopyIn in =
          postgres.getCopyAPI().copyIn("COPY copy_baseline.sample FROM STDIN (FORMAT binary)");
      byte[] chunk = chunks.get(i);
      in.writeToCopy(HEADER, 0, HEADER_BYTES);
      in.writeToCopy(chunk, 0, chunk.length);
      in.writeToCopy(TRAILER, 0, TRAILER.length);
      in.endCopy();
      connection.commit();
    }
    return null;
  }

  /**
   * Makes the same table once more: its partitioning key, its partitions, its primary key. Other
   * indexes that somebody tries on it are not for this one.
   */
  private void createTable(String change) throws SQLException {
    List<String> partitions = new ArrayList<>();
    String key = "";
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      try (ResultSet row =
          statement.executeQuery(
              "SELECT coalesce(pg_get_partkeydef('prom_data.sample'::regclass), '')")) {
        row.next();
        key = row.getString(1);
      }
      try (ResultSet row =
          statement.executeQuery(
              "SELECT pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i"
                  + " JOIN pg_class c ON c.oid = i.inhrelid"
                  + " WHERE i.inhparent = 'prom_data.sample'::regclass")) {
        while (row.next()) {
          partitions.add(row.getString(1));
        }
      }
    }
    execute(
        "CREATE TABLE copy_baseline.sample (LIKE prom_data.sample INCLUDING ALL EXCLUDING INDEXES,"
            + " CONSTRAINT sample_pkey PRIMARY KEY (series_id, time))"
            + (key.isEmpty() ? "" : " PARTITION BY " + key));
    if (!change.isEmpty()) {
      execute(change);
    }
    for (int i = 0; i < partitions.size(); i++) {
      execute(
          "CREATE TABLE copy_baseline.sample_"
              + i
              + " PARTITION OF copy_baseline.sample "
              + partitions.get(i));
    }
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
