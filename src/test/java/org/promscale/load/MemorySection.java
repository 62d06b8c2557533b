package org.promscale.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the page says of memory.
 *
 * @param of the raw results, or null
 */
record MemorySection(@Nullable Results of) {

  private static final Map<String, String> NAMES =
      Map.of(
          "promscale_cache_series_entries", "series in the cache, at most",
          "promscale_ha_hold_bytes", "bytes held of the standby, at most",
          "promscale_ha_hold_age_seconds", "oldest held, seconds, at most",
          "heapUsedBytes", "heap in use with garbage, bytes, at most",
          "promscale_cache_series_hits_total", "hits of the series cache",
          "promscale_cache_series_misses_total", "misses of the series cache",
          "jvm_gc_collection_seconds_sum", "seconds of collections",
          "promscale_ingest_samples_stored_total", "samples stored");

  /** Returns the lines. */
  List<String> lines() {
    List<String> lines = new ArrayList<>(List.of("", "## A million series in 512 MB", ""));
    Results results = of;
    if (results == null) {
      lines.add("Not measured.");
      return lines;
    }
    lines.add(
        Results.rough(results.number("series"))
            + " active series of two replicas, scraped every 15 s, high availability on, -Xmx"
            + results.text("heapMb")
            + "m. The first round, all series new, took "
            + Results.rough(results.median("first round", "seconds"))
            + " s. Live after a collection at the end: "
            + Results.rough(results.number("liveHeapBytes") / (1 << 20))
            + " MB.");
    lines.addAll(List.of("", "| | first rounds together | steady |", "|---|---|---|"));
    for (String name :
        List.of(
            "seconds",
            "leaderSamples",
            "standbySamples",
            "promscale_ingest_samples_stored_total",
            "covered",
            "filled",
            "answers204",
            "answers500",
            "answers503",
            "leaderP99Ms",
            "standbyP99Ms",
            "promscale_cache_series_hits_total",
            "promscale_cache_series_misses_total",
            "promscale_cache_series_entries",
            "promscale_ha_hold_bytes",
            "promscale_ha_hold_age_seconds",
            "heapUsedBytes",
            "jvm_gc_collection_seconds_sum",
            "receiverCpu",
            "postgresqlCpu")) {
      lines.add(
          "| "
              + NAMES.getOrDefault(name, name)
              + " | "
              + Results.rough(results.median("warm-up", name))
              + " | "
              + Results.rough(results.median("steady", name))
              + " |");
    }
    lines.addAll(List.of("", "| live at the end, by class | MB |", "|---|---|"));
    results
        .map("liveHeapByClass")
        .forEach(
            (name, bytes) ->
                lines.add(
                    "| `" + name + "` | " + Results.rough((double) bytes / (1 << 20)) + " |"));
    return lines;
  }
}
