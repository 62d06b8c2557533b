package org.promscale.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.promscale.model.Exemplar;
import org.promscale.model.HistogramSample;
import org.promscale.model.NativeHistogram;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;

/**
 * Stores native histograms and exemplars. They are few beside float samples, so they go in as JDBC
 * batches, sorted like the samples, the first one wins. Stateless.
 */
final class RareRows {

  private static final String TIME = SqlTime.expression("?", "?");

  private static final String INSERT_HISTOGRAM =
      "INSERT INTO prom_data.histogram (time, series_id, schema, reset_hint, zero_threshold, sum,"
          + " count_integer, count_float, zero_count_integer, zero_count_float, positive_spans,"
          + " positive_deltas, positive_counts, negative_spans, negative_deltas, negative_counts,"
          + " custom_values) VALUES ("
          + TIME
          + ", ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";

  private static final String INSERT_EXEMPLAR =
      "INSERT INTO prom_data.exemplar (time, series_id, value, labels) VALUES ("
          + TIME
          + ", ?, ?, ?::jsonb) ON CONFLICT DO NOTHING";

  private record Keyed<T>(long seriesId, long timestampMs, T value) {
    static final Comparator<Keyed<?>> ORDER =
        Comparator.<Keyed<?>>comparingLong(Keyed::seriesId).thenComparingLong(Keyed::timestampMs);
  }

  /** Inserts the histograms and exemplars of a group, in the transaction under way. */
  void insert(Connection connection, List<WriteBatch> group) throws SQLException {
    List<Keyed<NativeHistogram>> histograms = new ArrayList<>(0);
    List<Keyed<Exemplar>> exemplars = new ArrayList<>(0);
    for (WriteBatch batch : group) {
      SeriesTable series = batch.series();
      for (HistogramSample h : batch.histograms()) {
        histograms.add(new Keyed<>(series.id(h.seriesRow()), h.timestampMs(), h.histogram()));
      }
      for (Exemplar e : batch.exemplars()) {
        exemplars.add(new Keyed<>(series.id(e.seriesRow()), e.timestampMs(), e));
      }
    }
    if (!histograms.isEmpty()) {
      histograms.sort(Keyed.ORDER);
      insertHistograms(connection, histograms);
    }
    if (!exemplars.isEmpty()) {
      exemplars.sort(Keyed.ORDER);
      insertExemplars(connection, exemplars);
    }
  }

  private static void insertHistograms(
      Connection connection, List<Keyed<NativeHistogram>> histograms) throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(INSERT_HISTOGRAM)) {
      for (Keyed<NativeHistogram> row : histograms) {
        NativeHistogram h = row.value();
        bindKey(insert, row);
        insert.setInt(4, h.schema());
        insert.setInt(5, h.resetHint());
        insert.setDouble(6, h.zeroThreshold());
        insert.setDouble(7, Double.longBitsToDouble(h.sumBits()));
        bindCounts(insert, h);
        insert.setObject(12, h.positiveSpans());
        insert.setObject(13, h.integer() ? h.positiveDeltas() : null);
        insert.setObject(14, h.integer() ? null : h.positiveCounts());
        insert.setObject(15, h.negativeSpans());
        insert.setObject(16, h.integer() ? h.negativeDeltas() : null);
        insert.setObject(17, h.integer() ? null : h.negativeCounts());
        insert.setObject(18, h.customValues());
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  private static void bindCounts(PreparedStatement insert, NativeHistogram h) throws SQLException {
    if (h.integer()) {
      insert.setLong(8, h.countInteger());
      insert.setNull(9, Types.DOUBLE);
      insert.setLong(10, h.zeroCountInteger());
      insert.setNull(11, Types.DOUBLE);
    } else {
      insert.setNull(8, Types.BIGINT);
      insert.setDouble(9, h.countFloat());
      insert.setNull(10, Types.BIGINT);
      insert.setDouble(11, h.zeroCountFloat());
    }
  }

  private static void insertExemplars(Connection connection, List<Keyed<Exemplar>> exemplars)
      throws SQLException {
    LabelsJson json = new LabelsJson();
    try (PreparedStatement insert = connection.prepareStatement(INSERT_EXEMPLAR)) {
      for (Keyed<Exemplar> row : exemplars) {
        bindKey(insert, row);
        insert.setDouble(4, Double.longBitsToDouble(row.value().valueBits()));
        insert.setString(5, json.write(row.value().labels()));
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  private static void bindKey(PreparedStatement insert, Keyed<?> row) throws SQLException {
    insert.setLong(1, SqlTime.day(row.timestampMs()));
    insert.setLong(2, SqlTime.millisecond(row.timestampMs()));
    insert.setLong(3, row.seriesId());
  }
}
