package org.promscale.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.promscale.testbed.CpuTime;

/**
 * A standby alone, as fast as it goes, in turns with its leader: what the leader has stored in one
 * turn each of several standbys sends in the next, one after the other, because one alone is done
 * in a second. It is held, and compared with what is stored as soon as the leader is far enough
 * ahead: later, because the leader is silent meanwhile.
 */
final class StandbyScenario implements Scenario {

  private static final String COMPARED = "promscale_ha_held_requests_compared_total";

  private static final List<String> STANDBYS = List.of("two", "three", "four");

  /**
   * Room for all that is sent: nothing of it settles before the end. There from the beginning, as
   * after a month: growing, it would be the kernel's and the collector's work that is measured.
   */
  private static final List<String> HEAP = List.of("-Xms8g", "-Xmx8g", "-XX:+AlwaysPreTouch");

  /** The threads of HotSpot's last compiler: it takes far more time than the first. */
  private static final String COMPILER = "C2 Compiler";

  private static final String HOLD = "-metrics.high-availability.hold-max-bytes=3000000000";

  /** A standby, and how many samples it has sent. */
  private static final class Standby {
    private final Sender sender;
    private long sent;

    Standby(Sender sender) {
      this.sender = sender;
    }
  }

  @Override
  public void run(Performance asked, RawResult result) throws Exception {
    List<ExporterSeries> machine = ExporterSeries.scrape();
    LoadShape shape = LoadShape.usual(machine, Performance.startMs());
    try (Bench bench = new Bench()) {
      Bench.Station station =
          bench.station(
              HEAP,
              "-metrics.high-availability",
              HOLD,
              // The leader is silent while its standby is measured, and keeps its place.
              "-metrics.high-availability.leader-timeout=15m");
      Sender leader = sender(bench, shape, machine, station, "one");
      List<Standby> standbys = new ArrayList<>();
      for (String replica : STANDBYS) {
        standbys.add(new Standby(sender(bench, shape, machine, station, replica)));
      }
      long stored = asked.warmUp(leader);
      for (Standby standby : standbys) {
        standby.sent = asked.warmUp(standby.sender);
      }
      int turn = 0;
      for (int repetition = 1; repetition <= asked.repetitions(); repetition++) {
        leader.prepare(asked.samples());
        Map<String, Object> leading = station.measureMore(leader, asked.seconds(), 0);
        result.add("leader", repetition, leading);
        stored += Bench.number(leading, "samples");
        for (Standby standby : standbys) {
          standby.sender.prepare(stored - standby.sent);
          long rows = station.rows();
          double compared = station.metric(COMPARED);
          long connector = station.connector().pid();
          double compiling = -CpuTime.ofThreads(connector, COMPILER);
          Map<String, Object> figures =
              bench.window(standby.sender, station.connector()::cpuSeconds, 2 * asked.seconds(), 0);
          compiling += CpuTime.ofThreads(connector, COMPILER);
          figures.put("compilerCpu", Bench.rounded(Math.max(0, compiling)));
          standby.sent += Bench.number(figures, "samples");
          figures.put("requestsCompared", station.metric(COMPARED) - compared);
          figures.put("heldBytes", station.metric("promscale_ha_hold_bytes"));
          figures.put("rowsAdded", station.rows() - rows);
          result.add("standby", ++turn, figures);
        }
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
