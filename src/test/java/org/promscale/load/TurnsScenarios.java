package org.promscale.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Scenarios that do the same with receivers or senders that differ in one thing, in turns. */
final class TurnsScenarios {

  private static final String HIGH_AVAILABILITY = "-metrics.high-availability";

  private static final int PAIRS = 12;

  private static final int[] SERIES = {1_000, 20_000, 1_000_000};

  private static final int[] SENDERS = {1, 2, 4, 8};

  private TurnsScenarios() {}

  private record Turn(String what, Bench.Station station, Sender sender) {}

  /** Twelve pairs without and with high availability; the sender leads in both. */
  static void highAvailability(Performance asked, RawResult result) throws Exception {
    LoadShape shape = leaderShape();
    try (Bench bench = new Bench()) {
      Bench.Station without = bench.station(List.of());
      Bench.Station with = bench.station(List.of(), HIGH_AVAILABILITY);
      List<Turn> turns =
          List.of(turn(bench, "without", without, shape), turn(bench, "with", with, shape));
      warmUp(asked, turns);
      for (int pair = 1; pair <= PAIRS; pair++) {
        run(asked, pair, pair % 2 == 0 ? turns.get(1) : turns.get(0), result);
        run(asked, pair, pair % 2 == 0 ? turns.get(0) : turns.get(1), result);
      }
    }
  }

  /** Few, some and a million active series; each connector has met them before. */
  static void series(Performance asked, RawResult result) throws Exception {
    LoadShape shape = LoadShape.usual(ExporterSeries.scrape(), Performance.startMs());
    try (Bench bench = new Bench()) {
      List<Turn> turns = new ArrayList<>();
      for (int series : SERIES) {
        Bench.Station station = bench.station(List.of());
        // Of few series there are many rounds a second.
        long stepMs = series < LoadShape.SERIES ? 1_000 : LoadShape.STEP_MS;
        Turn turn = turn(bench, String.valueOf(series), station, shape.withSeries(series, stepMs));
        turn.sender.prepare(series);
        long start = System.nanoTime();
        turn.sender.send(600, 0);
        result.note("firstRoundSeconds" + series, Bench.rounded((System.nanoTime() - start) / 1e9));
        turns.add(turn);
      }
      warmUp(asked, turns);
      for (int repetition = 1; repetition <= asked.repetitions(); repetition++) {
        for (Turn turn : turns) {
          run(asked, repetition, turn, result);
        }
      }
    }
  }

  /** One, two, four and eight connections with one request in flight each. */
  static void senders(Performance asked, RawResult result) throws Exception {
    List<ExporterSeries> machine = ExporterSeries.scrape();
    try (Bench bench = new Bench()) {
      Bench.Station station = bench.station(List.of());
      List<Turn> turns = new ArrayList<>();
      for (int senders : SENDERS) {
        // Together they go forwards in time only half as far as each of them alone could.
        LoadShape shape = LoadShape.usual(machine, Performance.startMs()).withShards(senders);
        turns.add(turn(bench, String.valueOf(senders), station, shape));
      }
      warmUp(asked, List.of(turns.get(turns.size() - 1)));
      for (int repetition = 1; repetition <= asked.repetitions(); repetition++) {
        for (Turn turn : turns) {
          run(asked, repetition, turn, result);
        }
      }
    }
  }

  /** In turns as fast as it goes, and at half of that. */
  static void latency(Performance asked, RawResult result) throws Exception {
    LoadShape shape = LoadShape.usual(ExporterSeries.scrape(), Performance.startMs());
    try (Bench bench = new Bench()) {
      Turn turn = turn(bench, "full", bench.station(List.of()), shape);
      warmUp(asked, List.of(turn));
      for (int repetition = 1; repetition <= asked.repetitions(); repetition++) {
        turn.sender.prepare(asked.samples());
        Map<String, Object> full = turn.station.measure(turn.sender, asked.seconds(), 0);
        result.add("full", repetition, full);
        turn.sender.prepare(asked.samples());
        long half = Bench.number(full, "rate") / 2;
        result.add(
            "half", repetition, turn.station.measure(turn.sender, 2 * asked.seconds(), half));
      }
    }
  }

  static LoadShape leaderShape() throws Exception {
    return LoadShape.usual(ExporterSeries.scrape(), Performance.startMs())
        .withTemplates(
            new SeriesTemplates(ExporterSeries.scrape(), LoadShape.labels("load", "one")));
  }

  private static Turn turn(Bench bench, String what, Bench.Station station, LoadShape shape) {
    Sender sender = bench.sender(shape, station.connector().writeUri());
    return new Turn(what, station, sender);
  }

  private static void warmUp(Performance asked, List<Turn> turns) throws Exception {
    for (Turn turn : turns) {
      asked.warmUp(turn.sender);
    }
  }

  private static void run(Performance asked, int repetition, Turn turn, RawResult result)
      throws Exception {
    turn.sender.prepare(asked.samples());
    result.add(turn.what, repetition, turn.station.measure(turn.sender, asked.seconds(), 0));
  }
}
