package org.promscale.load;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;
import org.promscale.testbed.Await;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.RunningJvm;

/**
 * Where the time goes at full speed: what the connector's threads do on the processor, by the
 * library they are in and by method (JFR), and what the sessions that store wait for, as {@code
 * pg_stat_activity} tells twenty times a second.
 */
final class ProfileScenario implements Scenario {

  private static final int METHODS = 25;

  /** The deepest frame of one of these says whose work it is. */
  private static final Map<String, String> AREAS =
      Map.of(
          "org.promscale.wire", "decoding",
          "org.promscale.model", "decoding",
          "org.promscale.storage", "storing",
          "org.promscale.ingest", "routing",
          "org.promscale.ha", "routing",
          "org.promscale.http", "web",
          "org.postgresql", "JDBC driver",
          "org.glassfish", "web server",
          "org.apache.catalina", "web server");

  @Override
  public void run(Performance asked, RawResult result) throws Exception {
    LoadShape shape = LoadShape.usual(ExporterSeries.scrape(), Performance.startMs());
    try (Bench bench = new Bench()) {
      // Or a whole inlined loop counts as the call in it that the JVM has noted down.
      Bench.Station station =
          bench.station(List.of("-XX:+UnlockDiagnosticVMOptions", "-XX:+DebugNonSafepoints"));
      Sender sender = bench.sender(shape, station.connector().writeUri());
      RunningJvm jvm = RunningJvm.of(station.connector());
      // Before the warm-up: it makes the JVM throw away what is compiled already.
      jvm.startRecording();
      asked.warmUp(sender);
      sender.prepare(2 * asked.samples());
      Instant warm = Instant.now();
      ExecutorService thread = Executors.newSingleThreadExecutor();
      try {
        Future<Map<String, Object>> window =
            thread.submit(() -> station.measure(sender, 2 * asked.seconds(), 0));
        result.note("sessions", sessions(bench.postgres(), station.database(), window));
        result.add("profiled", 1, window.get());
      } finally {
        thread.shutdownNow();
      }
      // It stays beside the raw results, for those who want to look closer.
      Path recording = asked.directory().resolve("profile.jfr");
      jvm.stopRecording(recording);
      read(recording, warm, result);
    }
  }

  /** What sessions that store are doing, in shares of the looks at them. */
  private static Map<String, Double> sessions(
      PostgresServer postgres, String database, Future<?> window) throws SQLException {
    Map<String, Double> seen = new TreeMap<>();
    try (Connection connection = postgres.connect("postgres");
        Statement statement = connection.createStatement()) {
      Await.until(
          "the load is over",
          Duration.ofMinutes(10),
          () -> {
            try (ResultSet rows =
                statement.executeQuery(
                    "SELECT CASE WHEN query LIKE 'COPY%' THEN 'COPY' ELSE left(query, 24) END"
                        + " || ': ' || CASE WHEN state LIKE 'idle%' OR wait_event = 'ClientRead' THEN 'waits for the connector'"
                        + " WHEN wait_event IS NULL THEN 'on the processor'"
                        + " ELSE wait_event_type || ' ' || wait_event END"
                        + " FROM pg_stat_activity WHERE datname = '"
                        + database
                        + "' AND xact_start IS NOT NULL AND backend_type = 'client backend'"
                        + " AND query !~ '^(CHECKPOINT|TRUNCATE|SELECT count)'")) {
              while (rows.next()) {
                seen.merge(rows.getString(1), 1.0, Double::sum);
              }
            }
            return window.isDone();
          });
    }
    return largest(seen, 12);
  }

  private static void read(Path recording, Instant from, RawResult result) throws IOException {
    Map<String, Double> areas = new TreeMap<>();
    Map<String, Double> methods = new TreeMap<>();
    try (RecordingFile file = new RecordingFile(recording)) {
      while (file.hasMoreEvents()) {
        RecordedEvent event = file.readEvent();
        if (event.getEventType().getName().equals("jdk.ExecutionSample")
            && event.getStartTime().isAfter(from)
            && event.getStackTrace() != null) {
          List<RecordedFrame> frames = event.getStackTrace().getFrames();
          areas.merge(area(frames), 1.0, Double::sum);
          methods.merge(method(frames), 1.0, Double::sum);
        }
      }
    }
    result.note("connectorByArea", largest(areas, areas.size()));
    result.note("connectorByMethod", largest(methods, METHODS));
  }

  private static String area(List<RecordedFrame> frames) {
    for (RecordedFrame frame : frames) {
      String type = frame.getMethod().getType().getName();
      @Nullable String area =
          AREAS.entrySet().stream()
              .filter(known -> type.startsWith(known.getKey()))
              .map(Map.Entry::getValue)
              .findFirst()
              .orElse(null);
      if (area != null) {
        return area;
      }
    }
    return "other";
  }

  private static String method(List<RecordedFrame> frames) {
    RecordedFrame top = frames.get(0);
    return top.getMethod().getType().getName() + "." + top.getMethod().getName();
  }

  /** Returns shares, the largest first. */
  private static Map<String, Double> largest(Map<String, Double> counts, int most) {
    double all = counts.values().stream().mapToDouble(Double::doubleValue).sum();
    Map<String, Double> shares = new LinkedHashMap<>();
    counts.entrySet().stream()
        .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
        .limit(most)
        .forEach(entry -> shares.put(entry.getKey(), Bench.rounded(entry.getValue() / all)));
    return shares;
  }
}
