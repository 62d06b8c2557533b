package org.promscale.load;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.promscale.testbed.Await;
import org.promscale.testbed.PostgresServer;

/**
 * Averages over five minutes of one metric with 1,000 series, over an hour and over a day, from its
 * view, in a table of 30 million rows: with the primary key alone, with an index that holds the
 * values too, with a small one by time, in turns, and once the table is in the order of its key.
 */
final class ReadingScenario implements Scenario {

  private static final int ROWS = Integer.getInteger("performance.reading-rows", 30_000_000);
  private static final int SERIES_OF_METRIC = 1_000;
  private static final long STEP_MS = 10_000;
  private static final int HOURS = 24;
  private static final int MODES = 10;
  private static final int TURNS = 3;
  private static final int COPIED_ROWS = 4_000_000;
  private static final String METRIC = "reading_seconds";

  /**
   * A way to store.
   *
   * @param index makes the index; empty: there is only the primary key
   * @param forCopy changes the empty table of the comparison likewise
   * @param setting of the session that reads; empty: as the server has it
   */
  private record Variant(String name, String index, String forCopy, String setting) {}

  private static final List<Variant> VARIANTS =
      List.of(
          new Variant("key", "", "", ""),
          new Variant("key, SSD", "", "", "SET LOCAL random_page_cost = 1.1"),
          new Variant(
              "value in index",
              "CREATE INDEX reading_value ON prom_data.sample (series_id, time) INCLUDE (value)",
              "ALTER TABLE copy_baseline.sample DROP CONSTRAINT sample_pkey,"
                  + " ADD PRIMARY KEY (series_id, time) INCLUDE (value)",
              ""),
          new Variant(
              "brin",
              "CREATE INDEX reading_brin ON prom_data.sample" + CopyBaseline.TIME_INDEX,
              CopyBaseline.CREATE_TIME_INDEX,
              ""));

  @Override
  public void run(Performance asked, RawResult result) throws Exception {
    try (Bench bench = new Bench()) {
      Bench.Station station = bench.station(List.of());
      PostgresServer postgres = bench.postgres();
      String database = station.database();
      Instant end = Instant.now().truncatedTo(ChronoUnit.MINUTES);
      int series = (int) (ROWS / (Duration.ofHours(HOURS).toMillis() / STEP_MS));
      register(bench, station, series, end);
      station.connector().stop();
      dropTimeIndexes(postgres, database);
      fill(postgres, database, end);
      postgres.execute(database, "VACUUM (ANALYZE) prom_data.sample");
      result.note("series", series);
      result.note("rows", station.rows());
      result.note("tableBytes", bytes(postgres, database, "r"));
      long indexBytes = bytes(postgres, database, "i");
      result.note("indexBytes", indexBytes);
      for (Variant variant : VARIANTS) {
        if (!variant.index.isEmpty()) {
          postgres.execute(database, variant.index);
          long bytes = bytes(postgres, database, "i");
          result.note("indexBytes of " + variant.name, bytes - indexBytes);
          indexBytes = bytes;
        }
      }
      postgres.execute(database, "CHECKPOINT");
      for (int turn = 1; turn <= TURNS; turn++) {
        for (Variant variant : VARIANTS) {
          for (int hours : new int[] {1, HOURS}) {
            result.add(
                variant.name + " " + hours + " h",
                turn,
                query(postgres, database, hours, end, variant));
          }
        }
      }
      CopyBaseline copy = new CopyBaseline(postgres.dataSource(database), 0, COPIED_ROWS);
      for (int turn = 1; turn <= TURNS; turn++) {
        for (Variant variant : VARIANTS) {
          if (!variant.setting.isEmpty()) {
            continue;
          }
          Map<String, Object> figures = new LinkedHashMap<>();
          figures.put("samples", copy.rows());
          figures.put("rate", Math.round(copy.rowsPerSecond(2, variant.forCopy)));
          result.add("copy, " + variant.name, turn, figures);
        }
      }
      cluster(postgres, database);
      for (int turn = 1; turn <= TURNS; turn++) {
        for (int hours : new int[] {1, HOURS}) {
          result.add(
              "clustered " + hours + " h",
              turn,
              query(postgres, database, hours, end, VARIANTS.get(0)));
        }
      }
    }
  }

  /** Through the connector, so that series, partitions and views are its own. */
  private static void register(Bench bench, Bench.Station station, int series, Instant end)
      throws Exception {
    List<ExporterSeries> metric = new ArrayList<>();
    for (int mode = 0; mode < MODES; mode++) {
      metric.add(new ExporterSeries(Map.of("__name__", METRIC, "mode", "mode-" + mode), 1));
    }
    List<ExporterSeries> others = new ArrayList<>();
    for (int i = 0; i < MODES; i++) {
      others.add(new ExporterSeries(Map.of("__name__", "reading_other_" + i), 1));
    }
    send(station, metric, SERIES_OF_METRIC, end);
    send(station, others, series - SERIES_OF_METRIC, end);
    Await.until(
        "the view is there",
        Duration.ofSeconds(30),
        () ->
            !column(
                    bench.postgres(),
                    station.database(),
                    "SELECT mode FROM prom_metric." + METRIC + " LIMIT 1")
                .isEmpty());
    bench.postgres().execute(station.database(), "TRUNCATE prom_data.sample");
  }

  /** One round that takes the whole day: each day has its partition then. */
  private static void send(
      Bench.Station station, List<ExporterSeries> templates, int series, Instant end)
      throws Exception {
    long dayMs = Duration.ofDays(1).toMillis();
    LoadShape shape =
        new LoadShape(
            new SeriesTemplates(templates, Map.of("job", "reading")),
            series,
            series,
            1,
            end.toEpochMilli() - dayMs,
            dayMs);
    try (Sender sender = new Sender(shape, station.connector().writeUri())) {
      sender.prepare(series);
      sender.send(60, 0);
    }
  }

  /** In the order in which scrapes arrive, two hours at a time. */
  private static void fill(PostgresServer postgres, String database, Instant end) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<Callable<Void>> hours = new ArrayList<>();
      for (int hour = HOURS; hour > 0; hour--) {
        Instant from = end.minus(Duration.ofHours(hour));
        String sql =
            "INSERT INTO prom_data.sample (time, series_id, value)"
                + " SELECT t, s.id, extract(epoch FROM t) + s.id"
                + " FROM generate_series(timestamptz '"
                + from
                + "' + interval '10 s', timestamptz '"
                + from
                + "' + interval '1 hour', interval '10 s') t, _prom_catalog.series s"
                + " ORDER BY t, s.id";
        hours.add(
            () -> {
              postgres.execute(database, sql);
              return null;
            });
      }
      for (Future<Void> hour : threads.invokeAll(hours)) {
        hour.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static Map<String, Object> query(
      PostgresServer postgres, String database, int hours, Instant end, Variant variant)
      throws SQLException {
    String sql =
        "SELECT date_bin('5 min', time, 'epoch') AS t, mode, avg(value) FROM prom_metric."
            + METRIC
            + " WHERE time > timestamptz '"
            + end
            + "' - interval '"
            + hours
            + " h' AND time <= timestamptz '"
            + end
            + "' GROUP BY t, mode ORDER BY t";
    Map<String, Object> figures = new LinkedHashMap<>();
    try (Connection connection = postgres.connect(database);
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      // For this transaction only.
      for (Variant other : VARIANTS) {
        if (!other.equals(variant) && !other.index.isEmpty()) {
          statement.execute("DROP INDEX IF EXISTS prom_data." + indexName(other));
        }
      }
      if (!variant.setting.isEmpty()) {
        statement.execute(variant.setting);
      }
      long start = System.nanoTime();
      int groups = 0;
      try (ResultSet rows = statement.executeQuery(sql)) {
        while (rows.next()) {
          groups++;
        }
      }
      figures.put("seconds", Bench.rounded((System.nanoTime() - start) / 1e9));
      figures.put("groups", groups);
      StringBuilder plan = new StringBuilder();
      try (ResultSet rows = statement.executeQuery("EXPLAIN (COSTS off) " + sql)) {
        while (rows.next()) {
          plan.append(rows.getString(1)).append('\n');
        }
      }
      figures.put("plan", plan.toString());
      connection.rollback();
    }
    return figures;
  }

  private static String indexName(Variant variant) {
    return variant.index.split(" ", -1)[2];
  }

  /** Those of the single partitions: what is compared has them all at once, or not. */
  private static void dropTimeIndexes(PostgresServer postgres, String database)
      throws SQLException {
    for (String index :
        column(
            postgres,
            database,
            "SELECT x.indexrelid::regclass FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid"
                + " JOIN pg_am a ON a.oid = c.relam JOIN pg_inherits i ON i.inhrelid = x.indrelid"
                + " WHERE i.inhparent = 'prom_data.sample'::regclass AND a.amname = 'brin'")) {
      postgres.execute(database, "DROP INDEX " + index);
    }
  }

  private static void cluster(PostgresServer postgres, String database) throws SQLException {
    for (Variant variant : VARIANTS) {
      if (!variant.index.isEmpty()) {
        postgres.execute(database, "DROP INDEX prom_data." + indexName(variant));
      }
    }
    for (String index :
        column(
            postgres,
            database,
            "SELECT format('%s USING %I', x.indrelid::regclass, c.relname)"
                + " FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid"
                + " JOIN pg_inherits i ON i.inhrelid = x.indrelid"
                + " WHERE i.inhparent = 'prom_data.sample'::regclass AND x.indisprimary")) {
      postgres.execute(database, "CLUSTER " + index);
    }
    postgres.execute(database, "VACUUM (ANALYZE) prom_data.sample");
  }

  /** Returns the bytes of the partitions, or of their indexes. */
  private static long bytes(PostgresServer postgres, String database, String kind)
      throws SQLException {
    return Long.parseLong(
        column(
                postgres,
                database,
                "SELECT coalesce(sum("
                    + (kind.equals("r") ? "pg_table_size" : "pg_indexes_size")
                    + "(inhrelid)), 0) FROM pg_inherits"
                    + " WHERE inhparent = 'prom_data.sample'::regclass")
            .get(0));
  }

  private static List<String> column(PostgresServer postgres, String database, String sql)
      throws SQLException {
    try (Connection connection = postgres.connect(database);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> values = new ArrayList<>();
      while (rows.next()) {
        values.add(rows.getString(1));
      }
      return values;
    }
  }
}
