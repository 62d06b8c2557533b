package org.promscale.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** docs/performance.md says what the raw results beside it say. */
class PerformancePageTest {

  private static final String THROUGHPUT =
      """
      {"scenario": "throughput", "date": "2026-01-02T03:04:05Z", "commit": "abc", "seconds": 7.5,
       "machine": {"cores": 2, "cpu": "a processor", "memoryMb": 8000, "kernel": "Linux 6",
                   "jdk": "a JVM", "postgresql": "PostgreSQL 15"},
       "windows": [
        {"what": "durable", "repetition": 1, "samples": 5000000, "seconds": 10, "rate": 500000,
         "p50Ms": 30, "p99Ms": 80, "receiverCpu": 4, "postgresqlCpu": 10, "senderCpu": 1, "othersCpu": 0},
        {"what": "copy-2", "repetition": 1, "samples": 5000000, "rate": 1000000, "postgresqlCpu": 10},
        {"what": "prometheus", "repetition": 1, "samples": 2000000, "rate": 100000, "receiverCpu": 8},
        {"what": "durable", "repetition": 2, "samples": 6000000, "seconds": 10, "rate": 600000,
         "p50Ms": 32, "p99Ms": 90, "receiverCpu": 4, "postgresqlCpu": 12, "senderCpu": 1, "othersCpu": 1},
        {"what": "copy-2", "repetition": 2, "samples": 5000000, "rate": 800000, "postgresqlCpu": 10},
        {"what": "prometheus", "repetition": 2, "samples": 2000000, "rate": 300000, "receiverCpu": 8},
        {"what": "durable", "repetition": 3, "samples": 4000000, "seconds": 10, "rate": 400000,
         "p50Ms": 34, "p99Ms": 70, "receiverCpu": 4, "postgresqlCpu": 8, "senderCpu": 1, "othersCpu": 2},
        {"what": "copy-2", "repetition": 3, "samples": 5000000, "rate": 900000, "postgresqlCpu": 10}
       ]}
      """;

  private static final String HIGH_AVAILABILITY =
      """
      {"scenario": "high-availability", "windows": [
        {"what": "without", "repetition": 1, "samples": 100, "rate": 100, "receiverCpu": 1},
        {"what": "with", "repetition": 1, "samples": 98, "rate": 98, "receiverCpu": 1},
        {"what": "with", "repetition": 2, "samples": 90, "rate": 90, "receiverCpu": 1},
        {"what": "without", "repetition": 2, "samples": 100, "rate": 100, "receiverCpu": 1}
       ]}
      """;

  private static final String MEMORY =
      """
      {"scenario": "memory", "series": 1000000, "heapMb": 512, "liveHeapBytes": 268435456,
       "liveHeapByClass": {"[J": 104857600},
       "windows": [
        {"what": "steady", "repetition": 1, "answers500": 0, "answers503": 3,
         "promscale_cache_series_hits_total": 1000, "promscale_cache_series_misses_total": 5}
       ]}
      """;

  private static final String READING =
      """
      {"scenario": "reading", "rows": 1000, "series": 10, "tableBytes": 50000, "indexBytes": 38000,
       "indexBytes of value in index": 48000,
       "windows": [
        {"what": "brin 1 h", "repetition": 1, "seconds": 1.25},
        {"what": "brin 1 h", "repetition": 2, "seconds": 0.75},
        {"what": "value in index 1 h", "repetition": 1, "seconds": 0.5}
       ]}
      """;

  private static String page(String... files) {
    Map<String, Results> results =
        Stream.of(files)
            .map(Results::parse)
            .collect(Collectors.toMap(r -> r.text("scenario"), r -> r));
    return PerformancePage.text(results, "Words.");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = ';',
      value = {
        "median of ratios of the same turn; | durable, to raw binary COPY with 2 connections of the"
            + " same rows | at least 60.0 % | 50.0 % | **not reached** |",
        "turns without the other are left out; | durable, to Prometheus's own receiver | at least"
            + " 3.00 times | 3.50 times | reached |",
        "samples by CPU seconds; | durable, samples a CPU second of the connector | at least"
            + " 1,000,000 | 1,250,000 | reached |",
        "pairs; | with high availability, to without | at least 95.0 % | 94.0 % | **not reached** |",
        "not measured; | p99 at half the maximum rate | at most 250 ms | not measured |  |",
        "heap; | 1,000,000 series of two replicas in 512 MB of heap: live after a collection | at most"
            + " 512 MB | 256 MB | reached |",
        "answers; | the same: answers 5xx in the steady state | at most 0.00 | 3.00 | **not reached** |",
        "misses; | the same: misses of the series cache in the steady state, to hits | at most"
            + " 1.00 % | 0.50 % | reached |",
        "the limit itself is reached; | average over 5 minutes of 1,000 series, 1 hour | at most"
            + " 1.00 s | 1.00 s | reached |",
        "a rate; | connector, durable | 500,000 (400,000–600,000) | 1,250,000 | 0.80, 2.00, 0.20, 0.17"
            + " | 32.0 | 80.0 |",
        "a rate without a receiver; | raw binary COPY, 2 connections | 900,000 (800,000–1,000,000) |  |"
            + " –, 2.00, –, – |  |  |",
        "a ratio; | durable to copy-2 | 50.0 (44.4–75.0) |",
        "the way of an index; | and an index with INCLUDE (value) | 0.50 |  | 48.0 |",
        "where it comes from; | [throughput](performance/throughput.json) | 2026-01-02T03:04:05Z | abc |"
            + " 7.5 s | 5.00 % | 2 cores of a processor, 8000 MB, Linux 6 |",
        "a class on the heap; | `[J` | 100 |",
        "the words about it; Words."
      })
  void theLineIsThere(String name, String line) {
    assertThat(page(THROUGHPUT, HIGH_AVAILABILITY, MEMORY, READING).lines()).contains(line);
  }

  @ParameterizedTest(name = "{0} of 20 CPU seconds")
  @CsvSource({"1, false", "3, true"})
  void othersOnTheMachineAreMentioned(int othersCpu, boolean mentioned) {
    String disturbed = THROUGHPUT.replaceAll("\"othersCpu\": \\d", "\"othersCpu\": " + othersCpu);
    assertThat(page(disturbed).contains("their rates are too small: throughput."))
        .isEqualTo(mentioned);
  }

  @Test
  @DisplayName("The page is that of the raw results beside it")
  void thePageIsThatOfTheResults() throws Exception {
    String raw = System.getProperty("performance.render", "");
    if (!raw.isEmpty()) {
      PerformancePage.publish(Path.of(raw));
    }
    assertThat(Files.readString(PerformancePage.PAGE))
        .as(
            "write it anew with ./mvnw test -Dtest=PerformancePageTest"
                + " -Dperformance.render=docs/performance")
        .isEqualTo(PerformancePage.of(PerformancePage.RAW));
    for (SoakSection soak : SoakSection.all(Results.read(PerformancePage.RAW))) {
      Path file = PerformancePage.PAGE.resolveSibling(soak.file());
      assertThat(Files.exists(file) ? Files.readString(file) : "").isEqualTo(soak.picture());
    }
  }

  @Test
  @DisplayName("The picture of a soak has a curve for each figure, from zero")
  void picture() {
    String raw =
        """
        {"scenario": "soak", "pace": 10.0, "windows": [
          {"what": "minute", "repetition": 1.0, "p99Ms": 70.0, "stored": 600.0, "seconds": 60.0, "connections": 4.0, "dropped": 1.0},
          {"what": "minute", "repetition": 2.0, "p99Ms": 300.0, "stored": 594.0, "seconds": 60.0, "connections": 8.0, "dropped": 5.0}]}
        """;
    SoakSection section = new SoakSection(SoakSection.PLAIN, Results.parse(raw));
    assertThat(section.picture())
        .contains("points=\"150.0,20.0 770.0,20.7\"", "points=\"150.0,275.0 770.0,240.0\"")
        .contains(">4.00 to 8.00<")
        .endsWith("</svg>\n");
    assertThat(String.join("\n", section.lines()))
        .contains(
            "days become too old: 5 partitions were dropped",
            "of rate x time: 99.5 %. p99 of a minute: 185 (70.0–300) ms.");
    assertThat(new SoakSection(SoakSection.PLAIN, null).picture()).isEmpty();
  }
}
