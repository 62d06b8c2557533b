package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.promscale.testbed.Await;
import org.promscale.testbed.HaEvidence;
import org.promscale.testbed.HaReplica;
import org.promscale.testbed.SyntheticPlan;

/**
 * How long a takeover takes: 20 leaders are killed, five at a time, and the way from the kill to
 * the new leader on a connector's page, and to its first sample in SQL, is measured. About 7
 * minutes each: {@code ./mvnw verify -Plong -Dit.test=HaTakeoverTimesIT}.
 */
@Tag("long")
class HaTakeoverTimesIT {

  private static final int WAVES = 4;
  private static final int PAIRS = 5;
  private static final int SERIES = 50;

  /** So many bursts are seen before a kill: the automatic timeout needs four gaps between them. */
  private static final int BURSTS = 6;

  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final List<Double> namedSeconds = new ArrayList<>();
  private final List<Double> storedSeconds = new ArrayList<>();
  private final List<Double> distanceSeconds = new ArrayList<>();

  @ParameterizedTest
  @CsvSource({"auto, 5", "15s, 1"})
  void twentyLeadersAreKilled(String timeout, int flushSeconds) throws Exception {
    try (HaStand stand = new HaStand(2, timeout)) {
      for (int wave = 0; wave < WAVES; wave++) {
        List<HaPair> pairs = new ArrayList<>();
        for (int i = 0; i < PAIRS; i++) {
          int number = wave * PAIRS + i;
          pairs.add(
              new HaPair(
                  "wave-" + wave + "-" + i,
                  number,
                  SERIES,
                  flushSeconds,
                  () -> stand.balancer().writeUri()));
        }
        try {
          measure(stand, pairs, flushSeconds);
        } finally {
          pairs.forEach(HaPair::close);
        }
      }
    }
    System.out.println(
        "HaTakeoverTimesIT: timeout " + timeout + ", senders flush every " + flushSeconds + " s");
    print("from the kill to the new leader on a page", namedSeconds);
    print("from the kill to its first sample in SQL", storedSeconds);
    print("largest distance of neighbouring samples", distanceSeconds);
  }

  private void measure(HaStand stand, List<HaPair> pairs, int flushSeconds) throws Exception {
    HaPair.startAll(stand, pairs);
    for (HaPair pair : pairs) {
      long learntMs = pair.first().current().firstMs() + 1_000L * BURSTS * flushSeconds;
      Await.until(
          "the cadence is learnt",
          PATIENCE,
          () -> pair.first().current().acknowledgedUntilMs() >= learntMs);
    }
    Map<HaPair, Long> killed = new HashMap<>();
    for (HaPair pair : pairs) {
      killed.put(pair, System.nanoTime());
      pair.first().kill();
      // Not all in the same instant of their flush.
      long next = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(flushSeconds * 170L);
      Await.until("the next kill", PATIENCE, () -> System.nanoTime() > next);
    }
    Map<Integer, Long> firstStored = new HashMap<>();
    Await.until(
        "the standbys' samples are in SQL",
        PATIENCE,
        () -> {
          for (int author : storedAuthors(stand, pairs)) {
            firstStored.putIfAbsent(author, System.nanoTime());
          }
          return pairs.stream().allMatch(pair -> firstStored.containsKey(pair.second().author()));
        });
    for (HaPair pair : pairs) {
      pair.awaitTakeover(stand);
      HaPair.awaitDelivered(pair.second());
      pair.second().finish(PATIENCE);
    }
    // What the new leaders sent before they led was held; it follows a moment later.
    Await.until("nothing is held", PATIENCE, () -> stand.heldItems(Map.of()) == 0);
    for (HaPair pair : pairs) {
      long start = killed.getOrDefault(pair, 0L);
      long named = stand.watch().firstNamed(pair.cluster(), 2).orElseThrow();
      namedSeconds.add((named - start) / 1e9);
      storedSeconds.add((firstStored.getOrDefault(pair.second().author(), 0L) - start) / 1e9);
      HaEvidence evidence = pair.evidence(stand);
      evidence.assertInvariants();
      distanceSeconds.add(evidence.largestDistanceMs() / 1e3);
      for (HaReplica replica : List.of(pair.first(), pair.second())) {
        assertThat(replica.requestsDropped()).as(replica.lastDrop()).isZero();
      }
    }
  }

  /** Values name their author; before a kill a standby has nothing stored. */
  private static List<Integer> storedAuthors(HaStand stand, List<HaPair> pairs)
      throws SQLException {
    String query =
        "SELECT DISTINCT floor(value / ?)::int FROM prom_data.sample"
            + " WHERE time > now() - interval '5 min' AND value >= ? AND value < ?";
    try (Connection connection = stand.dataSource().getConnection();
        PreparedStatement statement = connection.prepareStatement(query)) {
      statement.setDouble(1, SyntheticPlan.firstValueOf(1));
      statement.setDouble(2, SyntheticPlan.firstValueOf(pairs.get(0).first().author()));
      statement.setDouble(
          3, SyntheticPlan.firstValueOf(pairs.get(pairs.size() - 1).second().author() + 1));
      List<Integer> authors = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          authors.add(rows.getInt(1));
        }
      }
      return authors;
    }
  }

  private static void print(String what, List<Double> seconds) {
    List<Double> sorted = seconds.stream().sorted().toList();
    System.out.printf(
        "HaTakeoverTimesIT: %-45s median %.1f s, least %.1f s, most %.1f s of %d%n",
        what,
        sorted.get(sorted.size() / 2),
        sorted.get(0),
        sorted.get(sorted.size() - 1),
        sorted.size());
  }
}
