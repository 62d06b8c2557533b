package org.promscale.load;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.promscale.testbed.Await;
import org.promscale.testbed.PostgresServer;

/**
 * A catalog of 10,000,000 series, as pods leave it that come and go: 100 metrics of 100,000 pods,
 * of which the last hundredth has samples of an hour. What labels, metrics and views take to be
 * asked, what new series take, and how fast those without samples are forgotten while others are
 * stored.
 */
final class CatalogScenario implements Scenario {

  private static final int SERIES = Integer.getInteger("performance.catalog-series", 10_000_000);
  private static final int METRICS = 100;
  private static final int PODS = SERIES / METRICS;
  private static final int ACTIVE_PODS = PODS / 100;
  private static final int PODS_AT_ONCE = 5_000;
  private static final int TURNS = 3;
  private static final int NEW_SERIES = 100_000;
  private static final int FORGOTTEN = Math.min(500_000, SERIES / 2);
  private static final long PACE = 20_000;
  private static final double WINDOW_SECONDS = 20;
  private static final Duration PATIENCE = Duration.ofMinutes(30);

  /** What people ask. */
  private static final Map<String, String> QUESTIONS = questions();

  private static Map<String, String> questions() {
    Map<String, String> questions = new LinkedHashMap<>();
    questions.put("label names", "SELECT key, num_values FROM prom_info.label");
    questions.put(
        "values of a label", "SELECT unnest(\"values\") FROM prom_info.label WHERE key = 'job'");
    questions.put("a metric", "SELECT * FROM prom_info.metric WHERE name = 'catalog_7'");
    questions.put("all metrics", "SELECT name, series_count FROM prom_info.metric");
    questions.put(
        "series of a metric by label",
        "SELECT * FROM prom_series.catalog_7 WHERE pod = 'pod-" + (PODS - 5) + "'");
    questions.put(
        "series by label, all metrics",
        "SELECT labels FROM _prom_catalog.series WHERE labels @> '{\"pod\": \"pod-"
            + (PODS - 5)
            + "\"}'");
    questions.put(
        "hour of a metric",
        "SELECT date_bin('5 min', time, 'epoch') t, job, avg(value) FROM prom_metric.catalog_7"
            + " WHERE time > now() - interval '1 hour' GROUP BY 1, 2");
    return questions;
  }

  @Override
  public void run(Performance asked, RawResult result) throws Exception {
    List<ExporterSeries> machine = ExporterSeries.scrape();
    try (Bench bench = new Bench()) {
      Bench.Station station = bench.station(List.of("-Xmx512m"));
      PostgresServer postgres = bench.postgres();
      String database = station.database();
      fill(postgres, database);
      result.note("series", SERIES);
      result.note("catalogBytes", number(postgres, database, bytesOf("series")));
      result.note("labelBytes", number(postgres, database, bytesOf("label_value")));
      result.note("rows", station.rows());
      Await.until(
          "all metrics have views",
          PATIENCE,
          () ->
              number(postgres, database, "SELECT count(view_name) FROM _prom_catalog.metric")
                  >= METRICS);
      for (int turn = 1; turn <= TURNS; turn++) {
        for (Map.Entry<String, String> question : QUESTIONS.entrySet()) {
          result.add(question.getKey(), turn, ask(postgres, database, question.getValue()));
        }
      }
      Sender sender =
          bench.sender(
              LoadShape.usual(machine, System.currentTimeMillis())
                  .withSeries(NEW_SERIES, LoadShape.STEP_MS),
              station.connector().writeUri());
      sender.prepare(NEW_SERIES);
      result.add("new series", 1, station.measureMore(sender, 600, 0));
      forget(bench, station, sender, result);
    }
  }

  /** Until half a million are gone, beside a sender at a steady pace. */
  private static void forget(Bench bench, Bench.Station station, Sender sender, RawResult result)
      throws Exception {
    PostgresServer postgres = bench.postgres();
    String database = station.database();
    postgres.execute(
        database,
        "UPDATE _prom_catalog.maintenance_state SET forget_after = now(), search_wanted = true");
    long before = series(postgres, database);
    long began = System.nanoTime();
    ExecutorService thread = Executors.newSingleThreadExecutor();
    int window = 0;
    try {
      boolean more = true;
      while (more) {
        sender.prepare((long) (PACE * WINDOW_SECONDS));
        Future<Map<String, Object>> running =
            thread.submit(
                () -> bench.window(sender, station.connector()::cpuSeconds, WINDOW_SECONDS, PACE));
        Map<String, Object> figures = running.get();
        long gone = before - series(postgres, database);
        figures.put("gone", gone);
        result.add("while forgetting", ++window, figures);
        more =
            gone < FORGOTTEN && Duration.ofNanos(System.nanoTime() - began).compareTo(PATIENCE) < 0;
      }
    } finally {
      thread.shutdownNow();
    }
    result.note("forgotten", before - series(postgres, database));
    result.note("forgettingSeconds", Bench.rounded((System.nanoTime() - began) / 1e9));
  }

  private static void fill(PostgresServer postgres, String database) throws SQLException {
    postgres.execute(
        database,
        "INSERT INTO _prom_catalog.metric (name) SELECT 'catalog_' || i FROM generate_series(1, "
            + METRICS
            + ") i;"
            + " INSERT INTO _prom_catalog.label_key (key) SELECT unnest('{__name__,job,instance,pod}'::text[])"
            + " ON CONFLICT DO NOTHING;"
            + " INSERT INTO _prom_catalog.metric_label (metric_id, key) SELECT m.id, k.key"
            + " FROM _prom_catalog.metric m, _prom_catalog.label_key k"
            + " WHERE m.name ~ '^catalog_' AND k.key IN ('job', 'instance', 'pod')");
    for (int pod = 0; pod < PODS; pod += PODS_AT_ONCE) {
      postgres.execute(
          database,
          "INSERT INTO _prom_catalog.series (metric_id, identity, labels, created_at)"
              + " SELECT m.id, md5(m.name || ' ' || n)::uuid, jsonb_build_object('__name__', m.name,"
              + " 'job', 'job-' || n % 20, 'instance', 'host-' || n % 1000, 'pod', 'pod-' || n),"
              + " now() - interval '100 days' FROM generate_series("
              + (pod + 1)
              + ", "
              + Math.min(PODS, pod + PODS_AT_ONCE)
              + ") n, _prom_catalog.metric m WHERE m.name ~ '^catalog_' ORDER BY n, m.id");
    }
    value(postgres, database, "__name__", "'catalog_' || n", METRICS);
    value(postgres, database, "job", "'job-' || n % 20", 20);
    value(postgres, database, "instance", "'host-' || n % 1000", 1000);
    value(postgres, database, "pod", "'pod-' || n", PODS);
    postgres.execute(
        database,
        "SELECT _prom_catalog.create_slot(d * 86400000, (d + 1) * 86400000) FROM generate_series("
            + "(extract(epoch FROM now())::bigint / 86400) - 30, (extract(epoch FROM now())::bigint / 86400)) d");
    postgres.execute(
        database,
        "INSERT INTO prom_data.sample (time, series_id, value) SELECT t, s.id, 1 FROM"
            + " generate_series(now() - interval '1 hour', now(), interval '1 min') t,"
            + " (SELECT id FROM _prom_catalog.series ORDER BY id DESC LIMIT "
            + ACTIVE_PODS * METRICS
            + ") s ORDER BY t, s.id");
    postgres.execute(database, "VACUUM (ANALYZE) _prom_catalog.series");
    postgres.execute(database, "VACUUM (ANALYZE) _prom_catalog.label_value");
    postgres.execute(database, "VACUUM (ANALYZE) prom_data.sample");
  }

  private static void value(
      PostgresServer postgres, String database, String key, String value, int count)
      throws SQLException {
    postgres.execute(
        database,
        "INSERT INTO _prom_catalog.label_value (key_id, digest, value)"
            + " SELECT k.id, encode(substring(sha256(convert_to(v, 'UTF8')) FOR 16), 'hex')::uuid, v"
            + " FROM (SELECT "
            + value
            + " AS v FROM generate_series(1, "
            + count
            + ") n) x, _prom_catalog.label_key k WHERE k.key = '"
            + key
            + "' ON CONFLICT DO NOTHING");
  }

  private static Map<String, Object> ask(PostgresServer postgres, String database, String sql)
      throws SQLException {
    Map<String, Object> figures = new LinkedHashMap<>();
    long start = System.nanoTime();
    long rows = 0;
    try (Connection connection = postgres.connect(database);
        Statement statement = connection.createStatement();
        ResultSet found = statement.executeQuery(sql)) {
      while (found.next()) {
        rows++;
      }
    }
    figures.put("seconds", Bench.rounded((System.nanoTime() - start) / 1e9));
    figures.put("rows", rows);
    return figures;
  }

  private static long series(PostgresServer postgres, String database) throws SQLException {
    return number(postgres, database, "SELECT count(*) FROM _prom_catalog.series");
  }

  private static String bytesOf(String table) {
    return "SELECT pg_total_relation_size('_prom_catalog." + table + "')";
  }

  private static long number(PostgresServer postgres, String database, String sql)
      throws SQLException {
    try (Connection connection = postgres.connect(database);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getLong(1);
    }
  }
}
