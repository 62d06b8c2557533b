package org.promscale.system;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.promscale.testbed.Await;
import org.promscale.testbed.MetricsPage;
import org.promscale.testbed.NodeExporter;
import org.promscale.testbed.PrometheusConfig;
import org.promscale.testbed.PrometheusServer;
import org.promscale.testbed.RemoteReadClient;
import org.promscale.testbed.SamplePoint;
import org.promscale.testbed.StoredSamples;

/**
 * Two of Debian's Prometheus that scrape one exporter and are killed by turns. One is killed only
 * when the other one has been scraping for a while.
 */
final class HaChaosPair implements AutoCloseable {

  private static final String CLUSTER = "real";
  private static final long SCRAPE_MS = 2_000;
  private static final long WELL_AGAIN_NANOS = 20_000_000_000L;

  /** A shard that waited for a frozen connector loses so much of its queue with the server. */
  private static final long LOST_TAIL_MS = 150_000;

  private static final String NEWEST =
      "SELECT coalesce(extract(epoch FROM max(time)) * 1000, 0)::bigint FROM prom_data.sample"
          + " WHERE series_id IN (SELECT id FROM _prom_catalog.series WHERE labels->>'cluster' = '"
          + CLUSTER
          + "')";

  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final HaStand stand;
  private final NodeExporter exporter;
  private final List<Server> servers = new ArrayList<>();
  private int away = -1;
  private long wellNanos;
  private long judgedUntilMs;

  /**
   * What a server logs when it changes the number of its shards while one waits for a frozen
   * connector: after a minute it gives up what that one was about to send. Nobody answered 4xx.
   */
  private static final Pattern GIVEN_UP =
      Pattern.compile("ts=(\\S+) .*non-recoverable error\" count=(\\d+) .*context canceled");

  private record Server(PrometheusServer process, List<Long> killedMs) {

    /** Returns the samples that it gave up itself, by the time when it did. */
    Map<Long, Long> givenUp() {
      Map<Long, Long> samples = new TreeMap<>();
      for (String line : process.output()) {
        Matcher found = GIVEN_UP.matcher(line);
        if (found.find()) {
          long timeMs = Instant.parse(found.group(1)).toEpochMilli();
          samples.merge(timeMs, Long.valueOf(found.group(2)), Long::sum);
        }
      }
      return samples;
    }

    /** What was in the queue was lost, and nobody can tell how much that was. */
    LongPredicate delivered(Set<Long> givenUpMs) {
      List<Long> losses = new ArrayList<>(killedMs);
      losses.addAll(givenUpMs);
      return timeMs ->
          losses.stream().noneMatch(lost -> timeMs <= lost && timeMs > lost - LOST_TAIL_MS);
    }
  }

  private HaChaosPair(HaStand stand) {
    this.stand = stand;
    this.exporter = NodeExporter.startNew();
  }

  /** Starts the pair and waits until one of the two leads. */
  static HaChaosPair start(HaStand stand) {
    HaChaosPair pair = new HaChaosPair(stand);
    try {
      for (String replica : List.of("prometheus-a", "prometheus-b")) {
        pair.servers.add(new Server(pair.server(replica), new ArrayList<>()));
      }
      Await.until(
          "one of the pair leads",
          PATIENCE,
          () -> stand.watch().firstNamed(CLUSTER, 1).isPresent());
    } catch (RuntimeException e) {
      pair.close();
      throw e;
    }
    pair.wellNanos = System.nanoTime() + WELL_AGAIN_NANOS;
    return pair;
  }

  private PrometheusServer server(String replica) {
    return PrometheusServer.startNew(
        PrometheusConfig.empty()
            .withScrapeInterval(Duration.ofMillis(SCRAPE_MS))
            .withExternalLabel("cluster", CLUSTER)
            .withExternalLabel("__replica__", replica)
            .withTarget("node", exporter.address())
            .withRemoteWrite(stand.balancer().writeUri())
            .withQueue("batch_send_deadline", "1s"));
  }

  /** Kills one of the two, if both have been well for a while; returns what it did. */
  String killOne(Random random) {
    if (away >= 0 || System.nanoTime() - wellNanos < 0) {
      return "nobody of the real pair";
    }
    away = random.nextInt(servers.size());
    servers.get(away).killedMs().add(System.currentTimeMillis());
    servers.get(away).process().kill();
    return "real Prometheus " + away;
  }

  /** Starts the killed one again. */
  void restart() {
    if (away >= 0) {
      servers.get(away).process().launch();
      away = -1;
      wellNanos = System.nanoTime() + WELL_AGAIN_NANOS;
    }
  }

  /**
   * Waits until everything up to now is settled.
   *
   * @param settled the longest settle time
   */
  void finish(Duration settled) {
    servers.forEach(server -> server.process().awaitReady());
    judgedUntilMs = System.currentTimeMillis();
    long settledMs = judgedUntilMs + settled.toMillis();
    Await.until("the pair goes on", PATIENCE, () -> newestMs() >= settledMs);
  }

  private long newestMs() throws SQLException {
    return Long.parseLong(Rows.of(stand.dataSource(), NEWEST).get(0));
  }

  /** Returns what is wrong: holes for which a server had a sample to give, and dropped samples. */
  List<String> violations() throws Exception {
    List<String> all = new ArrayList<>();
    Map<String, NavigableMap<Long, Integer>> offered = new TreeMap<>();
    List<Map<Long, Long>> givenUpByAll = new ArrayList<>();
    for (int i = 0; i < servers.size(); i++) {
      Server server = servers.get(i);
      Map<Long, Long> givenUpAt = server.givenUp();
      LongPredicate delivered = server.delivered(givenUpAt.keySet());
      long givenUp = givenUpAt.values().stream().mapToLong(n -> n).sum();
      givenUpByAll.add(givenUpAt);
      for (SamplePoint point : scraped(server)) {
        if (delivered.test(point.timestampMs())) {
          offered
              .computeIfAbsent(withoutReplica(point.series()), s -> new TreeMap<>())
              .put(point.timestampMs(), i);
        }
      }
      for (String metric : List.of("samples_dropped_total", "samples_failed_total")) {
        double lost =
            MetricsPage.of(server.process().uri("/metrics"))
                .sum("prometheus_remote_storage_" + metric, Map.of());
        if (lost > (metric.contains("failed") ? givenUp : 0)) {
          all.add("real Prometheus " + i + ": " + metric + " " + lost);
        }
      }
    }
    Map<String, NavigableMap<Long, SamplePoint>> stored = new TreeMap<>();
    for (SamplePoint point : new StoredSamples(stand.dataSource()).all()) {
      if (point.series().contains("cluster=\"" + CLUSTER + "\"")) {
        stored
            .computeIfAbsent(point.series(), s -> new TreeMap<>())
            .put(point.timestampMs(), point);
      }
    }
    long samples = stored.values().stream().mapToLong(Map::size).sum();
    int kills = servers.stream().mapToInt(server -> server.killedMs().size()).sum();
    List<String> holes = new ArrayList<>();
    stored.forEach(
        (series, points) ->
            holes.addAll(holes(series, points, offered.getOrDefault(series, new TreeMap<>()))));
    System.out.println(
        "HaChaosRun: real pair, "
            + stored.size()
            + " series, "
            + samples
            + " samples, "
            + kills
            + " kills, "
            + givenUpByAll
            + " given up by themselves, "
            + holes.size()
            + " holes");
    holes.stream().limit(10).forEach(all::add);
    return all;
  }

  private List<String> holes(
      String series, NavigableMap<Long, SamplePoint> stored, NavigableMap<Long, Integer> offered) {
    List<String> holes = new ArrayList<>();
    Long before = null;
    for (long after : stored.keySet()) {
      if (before != null && after - before >= 2 * SCRAPE_MS && after <= judgedUntilMs) {
        Map.Entry<Long, Integer> given = offered.higherEntry(before);
        if (given != null && given.getKey() < after) {
          holes.add(
              "I2: %d ms after %d, real Prometheus %d had %d; series %s"
                  .formatted(after - before, before, given.getValue(), given.getKey(), series));
        }
      }
      before = after;
    }
    return holes;
  }

  private static Set<SamplePoint> scraped(Server server) throws Exception {
    return new RemoteReadClient(server.process().readUri())
        .between(0, System.currentTimeMillis() + 3_600_000);
  }

  private static String withoutReplica(String series) {
    return series.replaceFirst("__replica__=\"[^\"]*\",?", "");
  }

  @Override
  public void close() {
    servers.forEach(server -> server.process().close());
    exporter.close();
  }
}
