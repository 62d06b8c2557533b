package org.promscale.load;

import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.CpuTime;
import org.promscale.testbed.MetricsPage;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.PrometheusServer;
import org.promscale.testbed.StoredSamples;

/**
 * A PostgreSQL server and receivers that are measured in turns, all warm: what is compared differs
 * by seconds, not by a start. Each connector has a database of its own; its table of samples is
 * empty when a measurement begins, as that of raw COPY is. One thread.
 */
final class Bench implements Closeable {

  private static final Map<String, String> POSTGRES_SETTINGS =
      Map.of("shared_buffers", "1GB", "max_wal_size", "8GB", "fsync", "on");

  private final PostgresServer postgres;
  private final Deque<Closeable> open = new ArrayDeque<>();

  /** Starts the database server. */
  Bench() {
    postgres = PostgresServer.start(POSTGRES_SETTINGS);
    open.push(postgres::close);
  }

  PostgresServer postgres() {
    return postgres;
  }

  /** Starts a connector on a fresh database. */
  Station station(List<String> javaOptions, String... flags) {
    String database = postgres.createDatabase();
    ConnectorProcess connector =
        ConnectorProcess.startWith(
            javaOptions, ConnectorProcess.onDatabase(postgres, database, flags));
    open.push(connector::close);
    return new Station(this, connector, database);
  }

  /** Makes a sender that is closed before what it sends to. */
  Sender sender(LoadShape shape, URI target) {
    Sender sender = new Sender(shape, target);
    open.push(sender);
    return sender;
  }

  /** Starts Prometheus as a receiver. */
  PrometheusServer prometheus() {
    PrometheusServer server = PrometheusServer.startReceiver();
    open.push(server::close);
    return server;
  }

  /**
   * Sends and returns what came of it.
   *
   * @param receiverCpu CPU seconds of the receiver so far
   * @param pace samples per second; 0: as fast as answers come
   */
  Map<String, Object> window(Sender sender, DoubleSupplier receiverCpu, double seconds, long pace)
      throws IOException {
    long own = ProcessHandle.current().pid();
    double machine = -MachineFacts.busySeconds();
    double receiver = -receiverCpu.getAsDouble();
    double database = -postgres.cpuSeconds();
    double sending = -CpuTime.of(own);
    long start = System.nanoTime();
    List<ShardResult> results = sender.send(seconds, pace);
    double took = (System.nanoTime() - start) / 1e9;
    sending += CpuTime.of(own);
    database += postgres.cpuSeconds();
    receiver += receiverCpu.getAsDouble();
    machine += MachineFacts.busySeconds();
    long samples = sender.samples(results);
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("samples", samples);
    figures.put("seconds", rounded(took));
    figures.put("rate", Math.round(samples / took));
    figures.put("p50Ms", rounded(ShardResult.latencyMs(results, 0.5)));
    figures.put("p99Ms", rounded(ShardResult.latencyMs(results, 0.99)));
    figures.put("maxMs", rounded(ShardResult.latencyMs(results, 1)));
    figures.put("retries", results.stream().mapToLong(result -> result.retries).sum());
    figures.put("ranDry", pace == 0 && results.stream().anyMatch(result -> result.ranDry));
    figures.put("receiverCpu", rounded(receiver));
    figures.put("postgresqlCpu", rounded(database));
    figures.put("senderCpu", rounded(sending));
    figures.put("othersCpu", rounded(Math.max(0, machine - receiver - database - sending)));
    return figures;
  }

  /** Waits. */
  static void pause(Duration duration) {
    long until = System.nanoTime() + duration.toNanos();
    Await.until("the time is over", duration.plusSeconds(60), () -> System.nanoTime() - until >= 0);
  }

  /** Returns a number of these figures. */
  static long number(Map<String, ?> figures, String name) {
    return ((Number) Objects.requireNonNull(figures.get(name))).longValue();
  }

  static double rounded(double value) {
    return Math.round(value * 1000) / 1000.0;
  }

  @Override
  public void close() throws IOException {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }

  /** A connector with its database. */
  record Station(Bench bench, ConnectorProcess connector, String database) {

    /**
     * Measures with an empty table; every sample that was acknowledged must be visible.
     *
     * @param pace samples per second; 0: as fast as answers come
     */
    Map<String, Object> measure(Sender sender, double seconds, long pace)
        throws IOException, SQLException {
      bench.postgres.execute(database, "TRUNCATE prom_data.sample");
      bench.postgres.execute(database, "CHECKPOINT");
      return measureMore(sender, seconds, pace);
    }

    /** Likewise, with what the table holds. */
    Map<String, Object> measureMore(Sender sender, double seconds, long pace)
        throws IOException, SQLException {
      long before = rows();
      Map<String, Object> figures = bench.window(sender, connector::cpuSeconds, seconds, pace);
      long rows = rows() - before;
      if (rows != number(figures, "samples")) {
        throw new AssertionError(
            rows + " rows are visible, " + figures.get("samples") + " samples were acknowledged");
      }
      return figures;
    }

    long rows() throws SQLException {
      return new StoredSamples(bench.postgres.dataSource(database)).count();
    }

    /** Returns the sum of a metric. */
    double metric(String name) throws IOException {
      return MetricsPage.of(connector.uri("/metrics")).sum(name, Map.of());
    }

    /** Returns the sums of these metrics, by name. */
    Map<String, Double> metrics(String... names) throws IOException {
      MetricsPage page = MetricsPage.of(connector.uri("/metrics"));
      Map<String, Double> sums = new TreeMap<>();
      Stream.of(names).forEach(name -> sums.put(name, page.sum(name, Map.of())));
      return sums;
    }
  }
}
