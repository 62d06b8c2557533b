package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.WireLabels;
import org.promscale.wire.proto.RemoteWriteV1.TimeSeries;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/**
 * One of two connectors freezes while it stores for the leaders of three clusters: in the middle of
 * COPY, there with the leader trying again through the other connector, and between the fence and
 * COMMIT. The standbys take over through the other one, then the first one wakes up. Leaders store
 * 1s, standbys 2s. Everything happens once, then each test looks at it. {@code FenceIT} does the
 * same inside one process in the test command.
 */
@Tag("long")
class FrozenConnectorIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int SERIES = 1_000;
  private static final int TIMES = 200;

  /** Frozen in COPY: nobody else wants its rows, so nobody ends its session. */
  private static final String COPYING = "copying";

  /** Frozen in COPY, and the leader sends the same again through the other connector. */
  private static final String RETRIED = "retried";

  /** Frozen with the fence passed, before COMMIT. */
  private static final String COMMITTING = "committing";

  private static final List<String> CLUSTERS = List.of(COPYING, RETRIED, COMMITTING);

  private static final RemoteWriteClient CLIENT = new RemoteWriteClient(Duration.ofSeconds(90));
  private static final ExecutorService THREADS = Executors.newCachedThreadPool();

  private static PostgresServer postgres;
  private static String database = "";
  private static List<ConnectorProcess> connectors = List.of();
  private static final Map<String, CompletableFuture<RemoteWriteClient.Answer>> FROZEN_ANSWERS =
      new java.util.HashMap<>();
  private static final Map<String, Duration> TAKEN_OVER = new java.util.HashMap<>();
  private static final List<Integer> STANDBY_ANSWERS =
      java.util.Collections.synchronizedList(new ArrayList<>());
  private static RemoteWriteClient.Answer retryAnswer;
  private static volatile Duration retryTook = Duration.ZERO;
  private static long startMs;
  private static volatile boolean finished;

  @BeforeAll
  static void freeze() throws Exception {
    postgres = PostgresServer.start(Map.of());
    database = postgres.createDatabase();
    connectors =
        ConnectorProcess.startSeveral(
            2,
            postgres,
            database,
            "-metrics.high-availability",
            "-metrics.high-availability.leader-timeout=15s",
            "-db.num-writers=4");
    startMs = System.currentTimeMillis() - 5_000;
    for (String cluster : CLUSTERS) {
      assertThat(send(0, request(cluster, "a", SERIES, startMs, 1, 1)).status()).isEqualTo(204);
    }
    THREADS.execute(FrozenConnectorIT::standBy);
    freezeInTheMiddle();
    long frozenAt = System.nanoTime();

    WriteRequest again = request(RETRIED, "a", firstRows(), startMs + 1, TIMES, 1);
    CompletableFuture<RemoteWriteClient.Answer> retry =
        sending(1, again)
            .thenApply(
                answer -> {
                  retryTook = since(frozenAt);
                  return answer;
                });
    Await.until("another leads " + COPYING, PATIENCE, () -> leader(COPYING).equals("b"));
    TAKEN_OVER.put(COPYING, since(frozenAt));
    // Only after half a minute would its session be ended though nobody waits for it.
    assertThat(sessions("COPY", "ClientRead")).as("still in COPY").isPositive();
    retryAnswer = retry.get(40, TimeUnit.SECONDS);
    for (String cluster : List.of(COMMITTING, RETRIED)) {
      Await.until("another leads " + cluster, PATIENCE, () -> leader(cluster).equals("b"));
      TAKEN_OVER.put(cluster, since(frozenAt));
    }
    for (String cluster : CLUSTERS) {
      Await.until(
          "the new leader of " + cluster + " stores",
          PATIENCE,
          () -> number(samples(cluster, 2, "count(*)")) > 0);
    }
    System.out.printf(
        "FrozenConnectorIT: retry answered %d after %d ms, taken over after %s%n",
        retryAnswer.status(), retryTook.toMillis(), TAKEN_OVER);

    connectors.get(0).unfreeze();
    for (CompletableFuture<RemoteWriteClient.Answer> answer : FROZEN_ANSWERS.values()) {
      answer.get(60, TimeUnit.SECONDS);
    }
    Await.until(
        "its transactions are over",
        PATIENCE,
        () ->
            number(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND"
                        + " (query LIKE 'COPY%' OR query LIKE 'UPDATE%ha_progress%') AND state <>"
                        + " 'idle'")
                == 0);
  }

  /**
   * Stops three transactions where they shall be, then the connector, then lets the database go.
   */
  private static void freezeInTheMiddle() throws Exception {
    try (Connection holder = postgres.connect(database);
        Statement statement = holder.createStatement()) {
      // Every lane there may be, for the fence to wait.
      statement.execute(
          "INSERT INTO _prom_catalog.ha_progress (cluster_id, lane, fence) SELECT p.cluster_id,"
              + " split_part(p.lane, '-', 1) || '-' || n, p.fence FROM _prom_catalog.ha_progress p"
              + " JOIN _prom_catalog.ha_cluster c USING (cluster_id), generate_series(0, 3) n WHERE"
              + " c.cluster = '"
              + COMMITTING
              + "' ON CONFLICT DO NOTHING");
      holder.setAutoCommit(false);
      statement.execute(
          "SELECT FROM _prom_catalog.ha_progress p JOIN _prom_catalog.ha_cluster c USING"
              + " (cluster_id) WHERE c.cluster = '"
              + COMMITTING
              + "' FOR UPDATE OF p");
      // The first row of each COPY is there already, perhaps.
      for (String cluster : List.of(COPYING, RETRIED)) {
        statement.execute(
            "INSERT INTO prom_data.sample (time, series_id, value) SELECT"
                + " _prom_catalog.data_time("
                + (startMs + 1)
                + "), min(id), 3 FROM _prom_catalog.series WHERE labels->>'cluster' = '"
                + cluster
                + "'");
      }
      FROZEN_ANSWERS.put(COMMITTING, sending(0, request(COMMITTING, "a", 10, startMs + 1, 1, 1)));
      Await.until(
          "the fence waits",
          PATIENCE,
          () -> sessions("%UPDATE _prom_catalog.ha_progress", "Lock") == 1);
      for (String cluster : List.of(COPYING, RETRIED)) {
        FROZEN_ANSWERS.put(
            cluster, sending(0, request(cluster, "a", SERIES, startMs + 1, TIMES, 1)));
      }
      Await.until("both COPY wait", PATIENCE, () -> sessions("COPY", "Lock") == 2);
      connectors.get(0).freeze();
      holder.rollback();
    }
    Await.until(
        "both COPY wait for the client", PATIENCE, () -> sessions("COPY", "ClientRead") == 2);
  }

  /** The standbys of all clusters send through the other connector, once a second. */
  private static void standBy() {
    while (!finished) {
      for (String cluster : CLUSTERS) {
        try {
          long now = System.currentTimeMillis();
          STANDBY_ANSWERS.add(send(1, request(cluster, "b", 10, now, 1, 2)).status());
        } catch (java.io.IOException e) {
          STANDBY_ANSWERS.add(0);
        }
      }
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
    }
  }

  @AfterAll
  static void stop() {
    finished = true;
    connectors.forEach(ConnectorProcess::close);
    THREADS.shutdownNow();
    if (postgres != null) {
      postgres.close();
    }
  }

  @Test
  @DisplayName("A connector frozen in COPY or before COMMIT holds no change of leader up")
  void anotherReplicaTakesOver() throws SQLException {
    assertThat(TAKEN_OVER.get(COPYING)).isLessThan(Duration.ofSeconds(25));
    assertThat(TAKEN_OVER.get(COMMITTING)).isLessThan(Duration.ofSeconds(25));
    assertThat(TAKEN_OVER.get(RETRIED)).isLessThan(retryTook.plusSeconds(25));
    for (String cluster : CLUSTERS) {
      assertThat(
              number("SELECT max(term) FROM prom_info.ha_terms WHERE cluster = '" + cluster + "'"))
          .isEqualTo(2);
    }
  }

  @Test
  @DisplayName("A retry on the other connector waits for the frozen one for seconds, not for ever")
  void retryIsStored() throws SQLException {
    assertThat(retryAnswer.status()).isEqualTo(204);
    assertThat(retryTook).isBetween(Duration.ofSeconds(5), Duration.ofSeconds(20));
    assertThat(number(samples(RETRIED, 1, "count(*)"))).isEqualTo(SERIES + 5L * TIMES);
  }

  @Test
  @DisplayName("A connector that wakes up stores nothing of a leader of the past")
  void nothingOfTheOldLeaderIsStored() throws SQLException {
    for (String cluster : List.of(COPYING, COMMITTING)) {
      assertThat(number(samples(cluster, 1, "count(*)"))).as(cluster).isEqualTo(SERIES);
    }
    for (String cluster : CLUSTERS) {
      long boundary =
          number(
              "SELECT _prom_catalog.data_ms(ends) FROM prom_info.ha_terms WHERE term = 1 AND"
                  + " cluster = '"
                  + cluster
                  + "'");
      assertThat(number(samples(cluster, 1, "_prom_catalog.data_ms(max(time))")))
          .as("%s: the old leader's last sample", cluster)
          .isEqualTo(boundary);
      assertThat(number(samples(cluster, 2, "_prom_catalog.data_ms(min(time))")))
          .as("%s: the new leader's first sample", cluster)
          .isGreaterThan(boundary);
      assertThat(number(samples(cluster, 3, "count(*)"))).isZero();
    }
  }

  @Test
  @DisplayName("Senders of a frozen connector keep their data")
  void sendersAreToldToComeBack() throws Exception {
    for (Map.Entry<String, CompletableFuture<RemoteWriteClient.Answer>> answer :
        FROZEN_ANSWERS.entrySet()) {
      RemoteWriteClient.Answer told = answer.getValue().get();
      System.out.printf(
          "FrozenConnectorIT: %s: %d %s%n", answer.getKey(), told.status(), told.body());
      assertThat(told.isRetried()).as("%s: %d", answer.getKey(), told.status()).isTrue();
    }
    assertThat(List.copyOf(STANDBY_ANSWERS)).isSubsetOf(204, 503).contains(204);
    // The old leader is a standby now, wherever it sends: held, not stored.
    for (int connector = 0; connector < 2; connector++) {
      long now = System.currentTimeMillis();
      assertThat(send(connector, request(COPYING, "a", 10, now, 1, 1)).status()).isEqualTo(204);
    }
  }

  private static RemoteWriteClient.Answer send(int connector, WriteRequest request)
      throws java.io.IOException {
    return CLIENT.write(connectors.get(connector).writeUri(), request);
  }

  private static CompletableFuture<RemoteWriteClient.Answer> sending(
      int connector, WriteRequest request) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return send(connector, request);
          } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        },
        THREADS);
  }

  /** The series whose rows COPY writes first: the frozen one may have come no further. */
  private static List<String> firstRows() throws SQLException {
    try (Connection connection = postgres.connect(database);
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT labels->>'number' FROM _prom_catalog.series WHERE labels->>'cluster' = '"
                    + RETRIED
                    + "' ORDER BY id LIMIT 5")) {
      List<String> numbers = new ArrayList<>();
      while (row.next()) {
        numbers.add(row.getString(1));
      }
      return numbers;
    }
  }

  /** Series of a cluster, each with samples of consecutive milliseconds. */
  private static WriteRequest request(
      String cluster, String replica, int series, long fromMs, int times, double value) {
    List<String> numbers =
        java.util.stream.IntStream.range(0, series).mapToObj("%04d"::formatted).toList();
    return request(cluster, replica, numbers, fromMs, times, value);
  }

  private static WriteRequest request(
      String cluster, String replica, List<String> numbers, long fromMs, int times, double value) {
    WriteRequest.Builder request = WriteRequest.newBuilder();
    for (String number : numbers) {
      TimeSeries.Builder one =
          WireLabels.encode(
              Map.of(
                  "__name__",
                  "frozen",
                  "cluster",
                  cluster,
                  "__replica__",
                  replica,
                  "number",
                  number));
      for (int t = 0; t < times; t++) {
        one.addSamples(WireLabels.sample(fromMs + t, value));
      }
      request.addTimeseries(one);
    }
    return request.build();
  }

  private static Duration since(long nanos) {
    return Duration.ofNanos(System.nanoTime() - nanos);
  }

  private static String leader(String cluster) throws SQLException {
    try (Connection connection = postgres.connect(database);
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT leader FROM prom_info.ha_clusters WHERE cluster = '" + cluster + "'")) {
      row.next();
      return row.getString(1);
    }
  }

  /** A query over the samples that one replica stored in a cluster. */
  private static String samples(String cluster, int author, String columns) {
    return "SELECT "
        + columns
        + " FROM prom_data.sample s JOIN _prom_catalog.series r ON r.id = s.series_id WHERE"
        + " r.labels->>'cluster' = '"
        + cluster
        + "' AND s.value = "
        + author;
  }

  /** Returns how many sessions are in a statement that begins like this, waiting for this. */
  private static long sessions(String statement, String event) throws SQLException {
    return number(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '"
            + statement
            + "%' AND '"
            + event
            + "' IN (wait_event, wait_event_type)");
  }

  private static long number(String query) throws SQLException {
    try (Connection connection = postgres.connect(database);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getLong(1);
    }
  }
}
