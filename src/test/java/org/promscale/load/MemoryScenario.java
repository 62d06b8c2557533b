package org.promscale.load;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.promscale.testbed.Await;
import org.promscale.testbed.MetricsPage;
import org.promscale.testbed.RunningJvm;

/**
 * A million active series of two replicas, scraped every 15 s, at one connector with 512 MB of heap
 * and high availability: the leader is stored, the standby held and compared. A first round in
 * which all series are new, then rounds at the pace of the scrapes.
 */
final class MemoryScenario implements Scenario {

  private static final int SERIES = Integer.getInteger("performance.memory-series", 1_000_000);
  private static final long STEP_MS = 15_000;
  private static final long PACE = SERIES * 1_000L / STEP_MS;
  private static final int HEAP_MB = 512;
  private static final int CLASSES = 10;
  private static final long LOOK_NANOS = 2_000_000_000L;

  /** The first rounds of both replicas together are no steady state yet. */
  private static final int WARM_UP_ROUNDS = 4;

  private static final String REQUESTS = "promscale_ingest_requests_total";

  private static final List<String> COUNTERS =
      List.of(
          "promscale_cache_series_hits_total",
          "promscale_cache_series_misses_total",
          "promscale_catalog_series_registered_total",
          "promscale_ingest_samples_stored_total",
          "promscale_ingest_transaction_failures_total",
          "jvm_gc_collection_seconds_sum",
          "jvm_gc_collection_seconds_count");

  private static final List<String> GAUGES =
      List.of(
          "promscale_cache_series_entries",
          "promscale_ha_hold_bytes",
          "promscale_ha_hold_items",
          "promscale_ha_hold_age_seconds",
          "promscale_ingest_queue_bytes",
          "promscale_ingest_active_write_bytes");

  @Override
  public void run(Performance asked, RawResult result) throws Exception {
    result.note("series", SERIES);
    result.note("heapMb", HEAP_MB);
    List<ExporterSeries> machine = ExporterSeries.scrape();
    try (Bench bench = new Bench()) {
      Bench.Station station =
          bench.station(List.of("-Xmx" + HEAP_MB + "m"), "-metrics.high-availability");
      Sender leader = sender(bench, machine, station, "one");
      Sender standby = sender(bench, machine, station, "two");
      leader.prepare(SERIES);
      result.add("first round", 1, bench.window(leader, station.connector()::cpuSeconds, 1_200, 0));
      List<Sender> replicas = List.of(leader, standby);
      for (Sender replica : replicas) {
        replica.goLive();
        replica.alignTo(System.currentTimeMillis());
      }
      double round = STEP_MS / 1e3;
      double measured = round * Math.max(2, Math.ceil(asked.seconds() * 0.6));
      result.add("warm-up", 1, together(bench, station, replicas, WARM_UP_ROUNDS * round));
      result.add("steady", 1, together(bench, station, replicas, measured));
      List<RunningJvm.HeapShare> live = RunningJvm.of(station.connector()).liveHeap();
      Map<String, Object> largest = new LinkedHashMap<>();
      live.stream().limit(CLASSES).forEach(share -> largest.put(share.name(), share.bytes()));
      result.note("liveHeapBytes", live.stream().mapToLong(RunningJvm.HeapShare::bytes).sum());
      result.note("liveHeapByClass", largest);
      result.note("rowsStored", station.rows());
    }
  }

  private static Sender sender(
      Bench bench, List<ExporterSeries> machine, Bench.Station station, String replica) {
    LoadShape shape =
        LoadShape.usual(machine, System.currentTimeMillis())
            .withSeries(SERIES, STEP_MS)
            .withTemplates(new SeriesTemplates(machine, LoadShape.labels("load", replica)));
    return bench.sender(shape, station.connector().writeUri());
  }

  private static Map<String, Object> together(
      Bench bench, Bench.Station station, List<Sender> replicas, double seconds) throws Exception {
    MetricsPage before = MetricsPage.of(station.connector().uri("/metrics"));
    double receiver = -station.connector().cpuSeconds();
    double database = -bench.postgres().cpuSeconds();
    Map<String, Double> most = new TreeMap<>();
    long[] nextLook = {System.nanoTime()};
    List<List<ShardResult>> results = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(replicas.size());
    try {
      List<Future<List<ShardResult>>> running = new ArrayList<>();
      for (Sender replica : replicas) {
        running.add(threads.submit(() -> replica.send(seconds, PACE)));
      }
      Await.until(
          "both have sent",
          Duration.ofSeconds((long) seconds + 120),
          () -> {
            // A page takes processor time from what is measured.
            if (System.nanoTime() - nextLook[0] >= 0) {
              look(station, most);
              nextLook[0] = System.nanoTime() + LOOK_NANOS;
            }
            return running.stream().allMatch(Future::isDone);
          });
      for (Future<List<ShardResult>> one : running) {
        results.add(one.get());
      }
    } finally {
      threads.shutdownNow();
    }
    MetricsPage after = MetricsPage.of(station.connector().uri("/metrics"));
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("seconds", seconds);
    figures.put("receiverCpu", Bench.rounded(receiver + station.connector().cpuSeconds()));
    figures.put("postgresqlCpu", Bench.rounded(database + bench.postgres().cpuSeconds()));
    for (int i = 0; i < replicas.size(); i++) {
      String name = i == 0 ? "leader" : "standby";
      figures.put(name + "Samples", replicas.get(i).samples(results.get(i)));
      figures.put(name + "P99Ms", Bench.rounded(ShardResult.latencyMs(results.get(i), 0.99)));
      figures.put(name + "Retries", results.get(i).stream().mapToLong(r -> r.retries).sum());
    }
    for (String code : List.of("204", "400", "500", "503")) {
      figures.put("answers" + code, delta(before, after, REQUESTS, Map.of("code", code)));
    }
    for (String verdict : List.of("stored", "covered", "filled", "pushed_back")) {
      figures.put(
          verdict, delta(before, after, "promscale_ha_samples_total", Map.of("verdict", verdict)));
    }
    for (String counter : COUNTERS) {
      figures.put(counter, Bench.rounded(delta(before, after, counter, Map.of())));
    }
    figures.putAll(most);
    return figures;
  }

  private static double delta(
      MetricsPage before, MetricsPage after, String name, Map<String, String> labels) {
    return after.sum(name, labels) - before.sum(name, labels);
  }

  /** Notes the most that each gauge has shown. */
  private static void look(Bench.Station station, Map<String, Double> most) throws IOException {
    MetricsPage page = MetricsPage.of(station.connector().uri("/metrics"));
    GAUGES.forEach(name -> most.merge(name, page.sum(name, Map.of()), Math::max));
    most.merge(
        "heapUsedBytes", page.sum("jvm_memory_used_bytes", Map.of("area", "heap")), Math::max);
  }
}
