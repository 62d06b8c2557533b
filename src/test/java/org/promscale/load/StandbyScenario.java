package org.promscale.load;

import java.util.List;
import java.util.Map;

/**
 * A standby alone, as fast as it goes, in turns with its leader: what the leader has stored in one
 * turn the standby sends in the next. It is held, and compared with what is stored as soon as the
 * leader is far enough ahead: at once, but for the newest.
 */
final class StandbyScenario implements Scenario {

  private static final String COMPARED = "promscale_ha_held_requests_compared_total";

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
      long sent = asked.warmUp(leader);
      long held = asked.warmUp(standby);
      for (int repetition = 1; repetition <= asked.repetitions(); repetition++) {
        leader.prepare(asked.samples());
        Map<String, Object> leading = station.measureMore(leader, asked.seconds(), 0);
        result.add("leader", repetition, leading);
        sent += Bench.number(leading, "samples");
        standby.prepare(sent - held);
        long rows = station.rows();
        double compared = station.metric(COMPARED);
        Map<String, Object> figures =
            bench.window(standby, station.connector()::cpuSeconds, asked.seconds(), 0);
        held += Bench.number(figures, "samples");
        figures.put("requestsCompared", station.metric(COMPARED) - compared);
        figures.put("heldBytes", station.metric("promscale_ha_hold_bytes"));
        figures.put("rowsAdded", station.rows() - rows);
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
}
