package org.promscale.load;

import java.util.List;
import java.util.Map;

/**
 * The first 100,000 series that a fresh connector meets on a fresh database, one sample each: from
 * the first byte to the last answer, after which all of them are visible.
 */
final class ColdScenario implements Scenario {

  private static final int SERIES = 100_000;

  @Override
  public void run(Performance asked, RawResult result) throws Exception {
    List<ExporterSeries> machine = ExporterSeries.scrape();
    for (int repetition = 1; repetition <= Math.min(3, asked.repetitions()); repetition++) {
      LoadShape shape =
          LoadShape.usual(machine, System.currentTimeMillis())
              .withSeries(SERIES, LoadShape.STEP_MS);
      try (Bench bench = new Bench()) {
        Bench.Station station = bench.station(List.of());
        Sender sender = bench.sender(shape, station.connector().writeUri());
        // Whole requests for every shard: some of the last ones begin a second round.
        sender.prepare(SERIES);
        Map<String, Object> figures = station.measure(sender, 600, 0);
        figures.putAll(
            station.metrics(
                "promscale_catalog_series_registered_total", "jvm_gc_collection_seconds_sum"));
        result.add("cold", repetition, figures);
      }
    }
  }
}
