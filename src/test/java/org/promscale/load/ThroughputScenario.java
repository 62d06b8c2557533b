package org.promscale.load;

import java.io.IOException;
import java.net.URI;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.promscale.testbed.MetricsPage;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.PrometheusServer;

/**
 * As fast as it goes, in turns: a connector, raw binary COPY of the very rows it has stored with
 * one, two and four connections, and into a table without any index, a connector with asynchronous
 * commit, Prometheus's own receiver.
 */
final class ThroughputScenario implements Scenario {

  private static final int[] CONNECTIONS = {1, 2, 4};
  private static final int MOST_COPIED_ROWS = 10_000_000;

  @Override
  public void run(Performance asked, RawResult result) throws Exception {
    List<ExporterSeries> machine = ExporterSeries.scrape();
    LoadShape shape = LoadShape.usual(machine, Performance.startMs());
    try (Bench bench = new Bench()) {
      Bench.Station durable = bench.station(List.of());
      Bench.Station async = bench.station(List.of(), "-db.synchronous-commit=false");
      PrometheusServer prometheus = bench.prometheus();
      Sender toDurable = sender(bench, shape, durable.connector().writeUri());
      Sender toAsync = sender(bench, shape, async.connector().writeUri());
      Sender toPrometheus = sender(bench, shape, prometheus.writeUri());
      for (Sender sender : List.of(toDurable, toAsync, toPrometheus)) {
        asked.warmUp(sender);
      }
      for (int repetition = 1; repetition <= asked.repetitions(); repetition++) {
        toDurable.prepare(asked.samples());
        result.add("durable", repetition, durable.measure(toDurable, asked.seconds(), 0));
        copy(bench.postgres(), durable.database(), repetition, result);
        toAsync.prepare(asked.samples());
        result.add("asynchronous", repetition, async.measure(toAsync, asked.seconds(), 0));
        toPrometheus.prepare(asked.samples());
        result.add("prometheus", repetition, measure(bench, prometheus, toPrometheus, asked));
      }
    }
  }

  private static Map<String, Object> measure(
      Bench bench, PrometheusServer prometheus, Sender sender, Performance asked)
      throws IOException {
    double before = appended(prometheus);
    Map<String, Object> figures = bench.window(sender, prometheus::cpuSeconds, asked.seconds(), 0);
    figures.put("appended", appended(prometheus) - before);
    return figures;
  }

  /** Of its own metrics nothing is appended: it scrapes nobody. */
  private static double appended(PrometheusServer prometheus) throws IOException {
    return MetricsPage.of(prometheus.uri("/metrics"))
        .sum("prometheus_tsdb_head_samples_appended_total", Map.of());
  }

  private static Sender sender(Bench bench, LoadShape shape, URI target) {
    return bench.sender(shape, target);
  }

  private static void copy(
      PostgresServer postgres, String database, int repetition, RawResult result) throws Exception {
    CopyBaseline copy = new CopyBaseline(postgres.dataSource(database), 0, MOST_COPIED_ROWS);
    for (int connections : CONNECTIONS) {
      result.add(
          "copy-" + connections,
          repetition,
          copied(copy, connections, CopyBaseline.CREATE_TIME_INDEX, postgres));
    }
    result.add("copy-bare", repetition, copied(copy, 2, CopyBaseline.NO_INDEX, postgres));
  }

  private static Map<String, Object> copied(
      CopyBaseline copy, int connections, String change, PostgresServer postgres)
      throws SQLException, IOException {
    double cpu = -postgres.cpuSeconds();
    double rate = copy.rowsPerSecond(connections, change);
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("samples", copy.rows());
    figures.put("seconds", Bench.rounded(copy.rows() / rate));
    figures.put("rate", Math.round(rate));
    figures.put("postgresqlCpu", Bench.rounded(cpu + postgres.cpuSeconds()));
    return figures;
  }
}
