package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.promscale.ha.LeaderChange;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.testbed.Await;

/**
 * Two connectors that hold, on PostgreSQL. Replica A leads and stores 1s at every tenth second,
 * standby B sends 2s three seconds later. Connectors look when the test tells them to.
 */
abstract class HoldFixture {

  static final long T0 = HaStage.T0;
  static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final AtomicInteger NUMBERS = new AtomicInteger();

  static HaStage stage;

  final Gate gate = new Gate();
  String name = "";
  HaConnector one;
  HaConnector other;
  long cluster;

  @BeforeAll
  static void start() throws SQLException {
    stage = new HaStage();
  }

  @AfterAll
  static void stop() {
    stage.close();
  }

  @BeforeEach
  void elect() throws SQLException {
    name = "hold_" + NUMBERS.incrementAndGet();
    one = stage.connector(name + "-one", gate);
    other = stage.connector(name + "-other");
    cluster = one.elect(name, "A");
    lookBoth();
  }

  @AfterEach
  void open() throws SQLException {
    gate.open();
    stage.execute("DELETE FROM _prom_catalog.ha_held");
  }

  void lookBoth() {
    one.look();
    other.look();
  }

  /** Sends samples of a series; the answer is success. */
  void send(HaConnector connector, String replica, String metric, int... seconds) throws Exception {
    var unused = ask(connector, replica, metric, seconds).toCompletableFuture().get(30, SECONDS);
  }

  static final TimeUnit SECONDS = TimeUnit.SECONDS;

  CompletionStage<Void> ask(HaConnector connector, String replica, String metric, int... seconds) {
    return connector.route(
        () -> {
          Batches batch = Batches.unknown().from(name, replica);
          for (int second : seconds) {
            batch.sample(metric, T0 + second * 1_000L, replica.equals("A") ? 1 : 2);
          }
          return batch.build();
        });
  }

  static int[] every10(int first, int last) {
    return IntStream.iterate(first, s -> s <= last, s -> s + 10).toArray();
  }

  static int[] habitAnd(int... seconds) {
    return IntStream.concat(IntStream.of(every10(-80, -10)), IntStream.of(seconds)).toArray();
  }

  /** Returns how stored samples look: those of A, in seconds, then those of B. */
  static List<String> samples(int[] ofA, int... ofB) {
    return Stream.concat(
            IntStream.of(ofA).mapToObj(s -> new int[] {s, 1}),
            IntStream.of(ofB).mapToObj(s -> new int[] {s, 2}))
        .sorted(java.util.Comparator.comparingInt(s -> s[0]))
        .map(s -> s[0] * 1_000 + "=" + s[1])
        .toList();
  }

  void assertHeldBack(CompletionStage<Void> answer) {
    assertThat(answer.toCompletableFuture())
        .failsWithin(PATIENCE)
        .withThrowableThat()
        .havingCause()
        .isInstanceOfSatisfying(
            IngestFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.HELD_BACK));
  }

  static void awaitEmpty(HaConnector connector) {
    Await.until("all of it has found its place", PATIENCE, () -> connector.hold().items() == 0);
  }

  List<String> patches() throws SQLException {
    return stage.rows(
        "SELECT replica, cause, (_prom_catalog.data_ms(starts) - "
            + T0
            + ") / 1000, (_prom_catalog.data_ms(ends) - "
            + T0
            + ") / 1000, samples_filled, open_until = 'infinity' FROM _prom_catalog.ha_patch WHERE"
            + " cluster_id = "
            + cluster
            + " ORDER BY patch_id");
  }

  List<String> shelf() throws SQLException {
    return stage.rows(
        "SELECT cluster_id, replica, (_prom_catalog.data_ms(oldest) - "
            + T0
            + ") / 1000, (_prom_catalog.data_ms(newest) - "
            + T0
            + ") / 1000, items FROM _prom_catalog.ha_held WHERE claimed_until IS NULL OR"
            + " claimed_until < clock_timestamp() ORDER BY held_id");
  }

  List<String> claimed() throws SQLException {
    return stage.rows("SELECT replica, items FROM _prom_catalog.ha_held ORDER BY held_id");
  }

  void lead(String winner) {
    assertThat(one.store().takeOver(one.read(cluster), LeaderChange.silent(winner))).isTrue();
  }
}
