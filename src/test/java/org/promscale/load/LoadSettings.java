package org.promscale.load;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What to send and for how long; read from system properties, see {@link LoadIT}.
 *
 * @param target who receives the load
 * @param series number of series
 * @param samplesPerRequest samples in one request
 * @param shards connections; each owns some series and has one request in flight
 * @param warmUpSeconds sent before the measurement
 * @param seconds length of the measurement
 * @param samplesPerSecond rate to keep to; 0 sends as fast as answers come
 * @param maxSamplesPerSecond bodies are made before the run for at most this rate
 * @param stepMs sample time between two samples of one series
 * @param cluster value of the label {@code cluster}; empty: no such label
 * @param replica value of the label {@code __replica__}; empty: no such label
 * @param copyRows rows at most that the comparison with COPY uses; 0 leaves it out
 * @param javaOptions options of the connector's JVM
 * @param connectorArguments further flags of the connector
 */
record LoadSettings(
    Target target,
    int series,
    int samplesPerRequest,
    int shards,
    int warmUpSeconds,
    int seconds,
    int samplesPerSecond,
    int maxSamplesPerSecond,
    long stepMs,
    String cluster,
    String replica,
    int copyRows,
    List<String> javaOptions,
    List<String> connectorArguments) {

  /** Who receives the load. */
  enum Target {
    /** The packaged jar on a PostgreSQL server of its own. */
    CONNECTOR,
    /** Debian's Prometheus with its remote write receiver. */
    PROMETHEUS,
    /** Nobody: every request is answered at once. Shows what the sender can do. */
    SINK
  }

  static LoadSettings fromSystemProperties() {
    // Many short runs, or one long one.
    boolean inPairs = pairs() > 0;
    int warmUpSeconds = number("load.warm-up-seconds", inPairs ? 10 : 15);
    int seconds = number("load.seconds", inPairs ? 15 : 30);
    int rate = number("load.rate", 0);
    return new LoadSettings(
        Target.valueOf(text("load.target", "connector").toUpperCase(Locale.ROOT)),
        number("load.series", 20_000),
        number("load.samples-per-request", 2_000),
        number("load.shards", 8),
        warmUpSeconds,
        seconds,
        rate,
        rate > 0 ? rate : number("load.max-rate", 1_000_000),
        number("load.step-ms", 10_000),
        text("load.cluster", ""),
        text("load.replica", ""),
        number("load.copy-rows", inPairs ? 0 : 10_000_000),
        words("load.java-options"),
        words("load.connector-arguments"));
  }

  /** Returns how many pairs of runs are asked for, 0 for a single run. */
  static int pairs() {
    return number("load.pairs", 0);
  }

  /** Returns the same load with the labels of a replica, if it has none. */
  LoadSettings asReplica() {
    return with(
        cluster.isEmpty() ? "load" : cluster,
        replica.isEmpty() ? "one" : replica,
        connectorArguments);
  }

  /** Returns the same load on a connector with one more flag. */
  LoadSettings withConnectorArgument(String argument) {
    return with(
        cluster, replica, Stream.concat(connectorArguments.stream(), Stream.of(argument)).toList());
  }

  private LoadSettings with(
      String newCluster, String newReplica, List<String> newConnectorArguments) {
    return new LoadSettings(
        target,
        series,
        samplesPerRequest,
        shards,
        warmUpSeconds,
        seconds,
        samplesPerSecond,
        maxSamplesPerSecond,
        stepMs,
        newCluster,
        newReplica,
        copyRows,
        javaOptions,
        newConnectorArguments);
  }

  /**
   * Returns what is sent.
   *
   * @param machine the series of one machine
   * @param endMs sample time when every prepared body is sent
   */
  LoadShape shape(List<ExporterSeries> machine, long endMs) {
    long rounds = samplesToPrepare() / series + 1;
    return new LoadShape(
        new SeriesTemplates(machine, LoadShape.labels(cluster, replica)),
        series,
        samplesPerRequest,
        shards,
        endMs - rounds * stepMs,
        stepMs);
  }

  /** Returns the number of samples to make bodies for. */
  long samplesToPrepare() {
    return (long) maxSamplesPerSecond * (warmUpSeconds + seconds);
  }

  private static int number(String key, int defaultValue) {
    return Integer.getInteger(key, defaultValue);
  }

  private static String text(String key, String defaultValue) {
    return System.getProperty(key, defaultValue);
  }

  private static List<String> words(String key) {
    return Stream.of(text(key, "").split(" ", -1)).filter(word -> !word.isEmpty()).toList();
  }
}
