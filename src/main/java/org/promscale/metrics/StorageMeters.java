package org.promscale.metrics;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.DoubleSupplier;
import org.promscale.ingest.BatchListener;

/** Meters of storing. Thread-safe. */
public final class StorageMeters implements BatchListener {

  private final PrometheusRegistry registry;
  private final Counter stored;
  private final Counter duplicates;
  private final Counter transactions;
  private final Counter failures;
  private final Counter retries;
  private final Counter registered;
  private final Histogram duration;

  /** Registers the meters. */
  public StorageMeters(PrometheusRegistry registry) {
    this.registry = registry;
    stored = counter("promscale_ingest_samples_stored_total", "Samples committed to the database.");
    duplicates =
        counter(
            "promscale_ingest_duplicates_total",
            "Samples that were there before under the same series and time; the first one wins.");
    transactions =
        counter("promscale_ingest_transactions_total", "Transactions that stored samples.");
    retries =
        counter(
            "promscale_ingest_transaction_retries_total",
            "Transactions tried again inside: duplicates, deadlocks, serialization failures.");
    registered =
        counter("promscale_catalog_series_registered_total", "Series looked up in the catalog.");
    failures =
        Counter.builder()
            .name("promscale_ingest_transaction_failures_total")
            .help("Transactions that failed and whose senders were told to retry, by SQLSTATE.")
            .labelNames("sqlstate")
            .register(registry);
    duration =
        Histogram.builder()
            .name("promscale_ingest_transaction_duration_seconds")
            .help("Time from taking a batch to the end of its commit.")
            .classicUpperBounds(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)
            .register(registry);
  }

  private Counter counter(String name, String help) {
    return Counter.builder().name(name).help(help).register(registry);
  }

  /** Registers a gauge that is asked for its value at each scrape; it must not block. */
  public void gauge(String name, String help, DoubleSupplier value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(callback -> callback.call(value.getAsDouble()))
        .register(registry);
  }

  @Override
  public void committed(int requests, long samples, long duplicateSamples, long nanos) {
    transactions.inc();
    stored.inc(samples);
    duplicates.inc(duplicateSamples);
    duration.observe(nanos / 1e9);
  }

  @Override
  public void failed(String sqlState) {
    failures.labelValues(sqlState).inc();
  }

  @Override
  public void registered(int series) {
    registered.inc(series);
  }

  @Override
  public void retried() {
    retries.inc();
  }
}
