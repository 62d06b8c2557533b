package org.promscale.load;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.promscale.testbed.Await;

/**
 * A standby alone, as fast as it goes, in turns with its leader: what the leader has stored in one
 * turn the standby sends in the next. It is held, compared with what is stored, and let go.
 */
final class StandbyScenario implements Scenario {

  private static final Duration SETTLED = Duration.ofMinutes(3);
  private static final String HELD = "promscale_ha_hold_bytes";

  @Override
  public void run(Performance asked, RawResult result) throws Exception {
    List<ExporterSeries> machine = ExporterSeries.scrape();
    LoadShape shape = LoadShape.usual(machine, Performance.startMs());
    try (Bench bench = new Bench()) {
      Bench.Station station =
          bench.station(
              List.of(),
              "-metrics.high-availability",
              // The leader is silent while its standby is measured, and keeps its place.
              "-metrics.high-availability.leader-timeout=15m");
      Sender leader = sender(bench, shape, machine, station, "one");
      Sender standby = sender(bench, shape, machine, station, "two");
      leader.prepare((long) (asked.samples() * 0.5));
      long sent = leader.samples(leader.send(asked.warmUpSeconds(), 0));
      standby.prepare(sent);
      long held = standby.samples(standby.send(asked.warmUpSeconds(), 0));
      settle(station);
      for (int repetition = 1; repetition <= asked.repetitions(); repetition++) {
        leader.prepare(asked.samples());
        Map<String, Object> leading = station.measure(leader, asked.seconds(), 0);
        result.add("leader", repetition, leading);
        sent += Bench.number(leading, "samples");
        standby.prepare(sent - held);
        long before = station.rows();
        Map<String, Object> figures =
            new LinkedHashMap<>(
                bench.window(standby, station.connector()::cpuSeconds, asked.seconds(), 0));
        held += Bench.number(figures, "samples");
        figures.putAll(station.metrics(HELD, "promscale_ha_hold_max_bytes"));
        double receiver = -station.connector().cpuSeconds();
        double database = -bench.postgres().cpuSeconds();
        long start = System.nanoTime();
        settle(station);
        figures.put("settleSeconds", Bench.rounded((System.nanoTime() - start) / 1e9));
        figures.put("settleCpu", Bench.rounded(receiver + station.connector().cpuSeconds()));
        figures.put("settlePostgresqlCpu", Bench.rounded(database + bench.postgres().cpuSeconds()));
        figures.put("rowsAdded", station.rows() - before);
        result.add("standby", repetition, figures);
      }
    }
  }

  private static Sender sender(
      Bench bench,
      LoadShape shape,
      List<ExporterSeries> machine,
      Bench.Station station,
      String replica) {
    SeriesTemplates templates = new SeriesTemplates(machine, LoadShape.labels("load", replica));
    return bench.sender(shape.withTemplates(templates), station.connector().writeUri());
  }

  /** Until nothing is held any more. */
  private static void settle(Bench.Station station) {
    Await.until("what is held has been compared", SETTLED, () -> station.metric(HELD) == 0);
  }
}
