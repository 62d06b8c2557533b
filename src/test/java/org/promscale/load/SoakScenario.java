package org.promscale.load;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.promscale.testbed.RunningJvm;

/**
 * Half the rate that a connector takes, for an hour, while time passes fast: a second of the load
 * is some minutes of sample time, a tenth of the machines is replaced in an hour, days become older
 * than the retention every few minutes and are dropped. Not part of a run unless asked for.
 */
final class SoakScenario implements Scenario {

  private static final int MINUTES = Integer.getInteger("performance.soak-minutes", 60);
  private static final long STEP_MS = 60_000;
  private static final Duration BEFORE_NOW = Duration.ofDays(60);
  private static final Duration KEPT = Duration.ofDays(2);
  private static final Duration UNCOMPRESSED = Duration.ofHours(12);
  private static final double WINDOW_SECONDS = 60;
  private static final int CHURN_AN_HOUR = 10;
  private static final String PRELOAD = "test.timescale.preload";

  private final boolean timescale;

  SoakScenario(boolean timescale) {
    this.timescale = timescale;
  }

  @Override
  public void run(Performance asked, RawResult result) throws Exception {
    if (timescale != Boolean.getBoolean(PRELOAD)) {
      throw new IllegalStateException(
          timescale
              ? "install TimescaleDB beside PostgreSQL 15 and add -D" + PRELOAD + "=true"
              : "leave -D" + PRELOAD + " out, or ask for " + SoakSection.COMPRESSED);
    }
    long startMs = System.currentTimeMillis() - BEFORE_NOW.toMillis();
    LoadShape shape =
        LoadShape.usual(ExporterSeries.scrape(), startMs).withSeries(LoadShape.SERIES, STEP_MS);
    int machines = shape.series() / shape.templates().perMachine() + 1;
    try (Bench bench = new Bench()) {
      Bench.Station station = bench.station(List.of("-Xmx512m"));
      if (timescale) {
        result.note("timescaledb", version(bench, station));
      }
      Sender sender = bench.sender(shape, station.connector().writeUri());
      asked.warmUp(sender);
      sender.goLive();
      // Once without being counted: the first days fill up, and the code of live bodies gets warm.
      station.measureMore(sender, WINDOW_SECONDS, 0);
      long most = Bench.number(station.measureMore(sender, WINDOW_SECONDS, 0), "rate");
      result.note("most", most);
      long pace = most / 2;
      result.note("pace", pace);
      double stored = station.metric("promscale_ingest_samples_stored_total");
      long moved = 0;
      for (int minute = 1; minute <= MINUTES; minute++) {
        long churned = (long) minute * machines * CHURN_AN_HOUR / (100 * 60);
        sender.moveOn((int) (churned - moved));
        moved = churned;
        Map<String, Object> figures =
            new LinkedHashMap<>(
                bench.window(sender, station.connector()::cpuSeconds, WINDOW_SECONDS, pace));
        double now = station.metric("promscale_ingest_samples_stored_total");
        figures.put("stored", Math.round(now - stored));
        stored = now;
        figures.put("heapAfterGcBytes", liveHeap(station));
        try (Connection connection = bench.postgres().connect(station.database())) {
          long dataMs = startMs + (long) (stored / shape.series() * STEP_MS);
          long behindMs = System.currentTimeMillis() - dataMs;
          set(connection, "default_retention_period", behindMs + KEPT.toMillis());
          if (timescale) {
            set(connection, "compression_age", behindMs + UNCOMPRESSED.toMillis());
          }
          figures.put(
              "connections",
              number(
                  connection,
                  "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                      + " AND pid <> pg_backend_pid()"));
          figures.put(
              "partitions",
              number(
                  connection,
                  "SELECT count(*) FROM prom_info.partition WHERE table_name = 'sample'"));
          figures.put(
              "tableBytes", number(connection, "SELECT sum(bytes) FROM prom_info.partition"));
          figures.put(
              "dropped",
              number(connection, "SELECT sum(partitions_dropped) FROM prom_info.maintenance"));
          figures.put(
              "compressed",
              number(connection, "SELECT sum(chunks_compressed) FROM prom_info.maintenance"));
          figures.put("series", number(connection, "SELECT count(*) FROM _prom_catalog.series"));
          figures.put(
              "seriesRemoved",
              number(connection, "SELECT sum(series_removed) FROM prom_info.maintenance"));
        }
        result.add("minute", minute, figures);
      }
    }
  }

  private static String version(Bench bench, Bench.Station station) throws SQLException {
    try (Connection connection = bench.postgres().connect(station.database());
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'")) {
      row.next(); // a connector without it would compress nothing, and this fails
      return row.getString(1);
    }
  }

  private static long liveHeap(Bench.Station station) {
    return RunningJvm.of(station.connector()).liveHeap().stream()
        .mapToLong(RunningJvm.HeapShare::bytes)
        .sum();
  }

  private static void set(Connection connection, String what, long ms) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT prom_api.set_" + what + "(make_interval(secs => ?))")) {
      statement.setDouble(1, ms / 1e3);
      statement.execute();
    }
  }

  private static long number(Connection connection, String sql) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }
}
