package org.promscale.load;

import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A table that holds ten million rows already: each series has had pages of its own in the index
 * for a while. A connector goes on, and raw COPY adds the very rows to a copy of what there was;
 * also to one whose primary key leads with the time.
 */
final class FilledScenario implements Scenario {

  private static final int ROWS = Integer.getInteger("performance.filled-rows", 10_000_000);
  private static final int REPETITIONS = 3;

  @Override
  public void run(Performance asked, RawResult result) throws Exception {
    LoadShape shape = LoadShape.usual(ExporterSeries.scrape(), Performance.startMs());
    try (Bench bench = new Bench()) {
      Bench.Station station = bench.station(List.of());
      Sender sender = bench.sender(shape, station.connector().writeUri());
      asked.warmUp(sender);
      sender.prepare(Math.max(0, ROWS - station.rows()));
      sender.send(600, 0);
      for (int repetition = 1;
          repetition <= Math.min(REPETITIONS, asked.repetitions());
          repetition++) {
        long fromMs = newest(bench, station) + 1;
        long rows = station.rows();
        sender.prepare(asked.samples());
        // Both write whole pages into the log once more.
        bench.postgres().execute(station.database(), "CHECKPOINT");
        Map<String, Object> filled = station.measureMore(sender, asked.seconds(), 0);
        filled.put("rowsBefore", rows);
        result.add("filled", repetition, filled);
        CopyBaseline copy =
            new CopyBaseline(
                bench.postgres().dataSource(station.database()), fromMs, Integer.MAX_VALUE);
        result.add("copy-2", repetition, copied(copy, CopyBaseline.CREATE_TIME_INDEX, fromMs));
        result.add("copy-2 by time", repetition, copied(copy, CopyBaseline.KEY_BY_TIME, fromMs));
      }
    }
  }

  private static Map<String, Object> copied(CopyBaseline copy, String change, long beforeMs)
      throws SQLException, IOException {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("samples", copy.rows());
    figures.put("rate", Math.round(copy.rowsPerSecondOnto(2, change, beforeMs)));
    return figures;
  }

  private static long newest(Bench bench, Bench.Station station) throws SQLException {
    try (Connection connection = bench.postgres().connect(station.database());
        ResultSet row =
            connection
                .createStatement()
                .executeQuery(
                    "SELECT (extract(epoch FROM max(time)) * 1000)::bigint FROM prom_data.sample")) {
      row.next();
      return row.getLong(1);
    }
  }
}
