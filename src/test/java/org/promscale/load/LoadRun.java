package org.promscale.load;

import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.CpuTime;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.PrometheusServer;
import org.promscale.testbed.StoredSamples;

/**
 * One run: start the receiver, warm it up, measure, and measure raw COPY of the same rows. A rate
 * is rows visible in SQL at the end by the time from the first byte sent to the last answer; an
 * answer comes after the commit, and the rows are counted afterwards.
 */
final class LoadRun {

  private static final Map<String, String> POSTGRES_SETTINGS =
      Map.of("shared_buffers", "1GB", "max_wal_size", "8GB", "fsync", "on");

  private final LoadSettings settings;
  private final PrintStream out;

  LoadRun(LoadSettings settings, PrintStream out) {
    this.settings = settings;
    this.out = out;
  }

  /** Runs and returns the samples per second. */
  double run() throws Exception {
    out.println("Load: " + settings);
    return switch (settings.target()) {
      case CONNECTOR -> runConnector();
      case PROMETHEUS -> runPrometheus();
      case SINK -> runSink();
    };
  }

  private double runConnector() throws Exception {
    try (PostgresServer postgres = PostgresServer.start(POSTGRES_SETTINGS)) {
      String database = postgres.createDatabase();
      StoredSamples stored = new StoredSamples(postgres.dataSource(database));
      double rate;
      long firstMs;
      try (ConnectorProcess connector =
              ConnectorProcess.startWith(
                  settings.javaOptions(),
                  ConnectorProcess.onDatabase(
                      postgres, database, settings.connectorArguments().toArray(String[]::new)));
          Sender sender = prepare(connector.writeUri())) {
        warmUp(sender);
        postgres.execute(database, "CHECKPOINT");
        long before = stored.count();
        firstMs = stored.newestMs();
        Measured measured = measure(sender, connector::cpuSeconds, postgres::cpuSeconds);
        long rows = stored.count() - before;
        rate = rows / measured.seconds();
        out.printf(
            "Connector: %,d rows in %.1f s = %,.0f samples/s durable and visible"
                + " (%,d acknowledged)%n",
            rows, measured.seconds(), rate, measured.samples());
        out.printf(
            "CPU seconds: connector %.1f (%,.0f samples each), PostgreSQL %.1f, sender %.1f%n",
            measured.cpu().get(0),
            rows / measured.cpu().get(0),
            measured.cpu().get(1),
            measured.cpu().get(2));
        if (rows != measured.samples()) {
          throw new AssertionError(
              rows + " rows are visible, " + measured.samples() + " samples were acknowledged");
        }
      }
      if (settings.copyRows() > 0) {
        compareWithCopy(postgres, database, firstMs, rate);
      }
      return rate;
    }
  }

  private void compareWithCopy(PostgresServer postgres, String database, long firstMs, double rate)
      throws SQLException, IOException {
    CopyBaseline copy =
        new CopyBaseline(postgres.dataSource(database), firstMs, settings.copyRows());
    double one = copy.rowsPerSecond(1);
    double two = copy.rowsPerSecond(2);
    out.printf(
        "Raw binary COPY of %,d of these rows, 10,000 a transaction:"
            + " 1 connection %,.0f rows/s, 2 connections %,.0f rows/s%n",
        copy.rows(), one, two);
    out.printf(
        "Ratio: %.0f %% of COPY with 1 connection, %.0f %% with 2%n",
        100 * rate / one, 100 * rate / two);
  }

  private double runPrometheus() throws Exception {
    try (PrometheusServer prometheus = PrometheusServer.startReceiver();
        Sender sender = prepare(prometheus.writeUri())) {
      warmUp(sender);
      Measured measured = measure(sender, prometheus::cpuSeconds);
      out.printf(
          "Prometheus: %,d samples in %.1f s = %,.0f samples/s%n",
          measured.samples(), measured.seconds(), measured.samplesPerSecond());
      out.printf(
          "CPU seconds: Prometheus %.1f (%,.0f samples each), sender %.1f%n",
          measured.cpu().get(0), measured.samples() / measured.cpu().get(0), measured.cpu().get(1));
      return measured.samplesPerSecond();
    }
  }

  private double runSink() throws Exception {
    try (NullReceiver sink = new NullReceiver();
        Sender sender = prepare(sink.uri())) {
      warmUp(sender);
      Measured measured = measure(sender);
      out.printf(
          "Nothing: %,d samples in %.1f s = %,.0f samples/s; sender and receiver %.1f CPU s%n",
          measured.samples(),
          measured.seconds(),
          measured.samplesPerSecond(),
          measured.cpu().get(0));
      return measured.samplesPerSecond();
    }
  }

  private Sender prepare(URI target) throws IOException {
    long start = System.nanoTime();
    Sender sender =
        new Sender(settings.shape(ExporterSeries.scrape(), System.currentTimeMillis()), target);
    sender.prepare(settings.samplesToPrepare());
    out.printf(
        "Sender: %,d different bodies of %,d samples and %,d bytes made in %.1f s%n",
        sender.bodyCount(),
        settings.samplesPerRequest(),
        sender.meanBodyBytes(),
        (System.nanoTime() - start) / 1e9);
    return sender;
  }

  private void warmUp(Sender sender) throws IOException {
    long start = System.nanoTime();
    long samples =
        sender.samples(sender.send(settings.warmUpSeconds(), settings.samplesPerSecond()));
    out.printf(
        "Warm-up: %,d samples, %,.0f a second%n",
        samples, samples * 1e9 / (System.nanoTime() - start));
  }

  private Measured measure(Sender sender, DoubleSupplier... cpu) throws IOException {
    double[] seconds = new double[cpu.length + 1];
    for (int i = 0; i < cpu.length; i++) {
      seconds[i] = -cpu[i].getAsDouble();
    }
    long own = ProcessHandle.current().pid();
    seconds[cpu.length] = -CpuTime.of(own);
    long start = System.nanoTime();
    List<ShardResult> results = sender.send(settings.seconds(), settings.samplesPerSecond());
    long nanos = System.nanoTime() - start;
    seconds[cpu.length] += CpuTime.of(own);
    for (int i = 0; i < cpu.length; i++) {
      seconds[i] += cpu[i].getAsDouble();
    }
    out.printf(
        "Latency: p50 %.1f ms, p99 %.1f ms, max %.1f ms; retries %,d%n",
        ShardResult.latencyMs(results, 0.5),
        ShardResult.latencyMs(results, 0.99),
        ShardResult.latencyMs(results, 1),
        results.stream().mapToLong(result -> result.retries).sum());
    if (results.stream().anyMatch(result -> result.ranDry) && settings.samplesPerSecond() == 0) {
      out.println("The sender ran out of bodies: raise -Dload.max-rate");
    }
    return new Measured(
        sender.samples(results), nanos / 1e9, Arrays.stream(seconds).boxed().toList());
  }

  /**
   * A measurement.
   *
   * @param samples acknowledged
   * @param seconds from the first byte sent to the last answer
   * @param cpu CPU seconds of the servers in the order asked for, then of the sender
   */
  private record Measured(long samples, double seconds, List<Double> cpu) {
    double samplesPerSecond() {
      return samples / seconds;
    }
  }
}
