package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.LeaderChange;
import org.promscale.testbed.Await;

/**
 * The scenarios that Promscale's own tests had, with our boundary, on PostgreSQL: replica 1 and
 * replica 2 of a cluster send one sample a second; what is stored of 1 has the value 1, of 2 the
 * value 2. Numbers are those of the list of scenarios in the guide.
 */
class HaScenarioIT {

  private static final long T0 = HaStage.T0;
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final AtomicInteger NUMBERS = new AtomicInteger();

  private static HaStage stage;

  private String name = "";
  private HaConnector one;
  private HaConnector other;
  private long cluster;

  @BeforeAll
  static void start() throws SQLException {
    stage = new HaStage();
  }

  @AfterAll
  static void stop() {
    stage.close();
  }

  @BeforeEach
  void elect() throws Exception {
    name = "scenario_" + NUMBERS.incrementAndGet();
    one = stage.connector(name + "-one");
    other = stage.connector(name + "-other");
    cluster = one.elect(name, "1");
    lookBoth();
  }

  private void lookBoth() {
    one.look();
    other.look();
  }

  /** A replica sends what it scraped from one second to another, and is answered with success. */
  private void send(HaConnector connector, int replica, int first, int last) throws Exception {
    send(connector, name, replica, first, last);
  }

  private static void send(HaConnector connector, String to, int replica, int first, int last)
      throws Exception {
    var unused =
        connector
            .route(
                () -> {
                  Batches batch = Batches.unknown().from(to, String.valueOf(replica));
                  for (int second = first; second <= last; second++) {
                    batch.sample(to, T0 + second * 1_000L, replica);
                  }
                  return batch.build();
                })
            .toCompletableFuture()
            .get(30, TimeUnit.SECONDS);
  }

  /** Replica 1 is silent for long enough. */
  private void twoTakesOver() {
    assertThat(one.store().takeOver(one.read(cluster), LeaderChange.silent("2"))).isTrue();
    lookBoth();
  }

  private static Stream<String> samples(int replica, int first, int last) {
    return IntStream.rangeClosed(first, last).mapToObj(s -> s * 1_000 + "=" + replica);
  }

  private static List<String> then(Stream<String> first, Stream<String> second) {
    return Stream.concat(first, second).toList();
  }

  private void awaitNothingHeld(HaConnector connector) {
    Await.until("nothing is held", PATIENCE, () -> connector.hold().items() == 0);
  }

  @Test
  @DisplayName("1: the standby follows right behind the last stored sample")
  void takeover() throws Exception {
    send(one, 1, 0, 0);
    send(other, 2, 0, 0);
    assertThat(stage.stored(name)).containsExactly("0=1");
    twoTakesOver();
    send(other, 2, 0, 61);
    awaitNothingHeld(other);
    assertThat(stage.stored(name)).isEqualTo(then(samples(1, 0, 0), samples(2, 1, 61)));
    assertThat(one.read(cluster).lease().startMs()).isEqualTo(T0);
  }

  @Test
  @DisplayName("2: of a standby that is ahead nothing is stored while the leader goes on")
  void standbyAhead() throws Exception {
    send(one, 1, 0, 100);
    send(other, 2, 0, 120);
    send(one, 1, 101, 200);
    for (int first = 121; first <= 240; first += 20) {
      send(other, 2, first, first + 19);
    }
    other.look();
    other.pass(Duration.ofSeconds(6));
    other.look();
    assertThat(stage.stored(name)).isEqualTo(samples(1, 0, 200).toList());
    assertThat(one.read(cluster).lease().leader()).isEqualTo("1");
    // 180 is a settle time before 200 exactly, so it is not due yet.
    assertThat(other.hold().of(cluster).stream().map(r -> (r.newestMs() - T0) / 1_000).toList())
        .containsExactly(180L, 200L, 220L, 240L);
  }

  @Test
  @DisplayName("3: what the old leader delivers later adds nothing to what the new one has stored")
  void oldLeaderIsLate() throws Exception {
    send(one, 1, 1, 100);
    send(other, 2, 1, 120);
    send(one, 1, 101, 105);
    twoTakesOver();
    send(one, 2, 120, 240);
    awaitNothingHeld(other);
    List<String> expected = then(samples(1, 1, 105), samples(2, 106, 240));
    assertThat(stage.stored(name)).isEqualTo(expected);
    send(other, 1, 106, 140);
    other.look();
    other.pass(Duration.ofSeconds(6));
    other.look();
    awaitNothingHeld(other);
    assertThat(stage.stored(name)).isEqualTo(expected);
  }

  @Test
  @DisplayName("4: an old leader that returns fills holes of its own term and stores nothing else")
  void oldLeaderReturns() throws Exception {
    send(one, 1, 0, 60);
    send(one, 1, 71, 100);
    twoTakesOver();
    send(other, 2, 101, 160);
    stage.pass(Duration.ofSeconds(11));
    lookBoth();
    lookBoth();
    send(one, 1, 40, 130);
    assertThat(stage.stored(name)).isEqualTo(then(samples(1, 0, 100), samples(2, 101, 160)));
    one.look();
    one.pass(Duration.ofSeconds(6));
    one.look();
    awaitNothingHeld(one);
    assertThat(stage.stored(name)).isEqualTo(then(samples(1, 0, 100), samples(2, 101, 160)));
    assertThat(one.read(cluster).lease().term()).isEqualTo(2);
  }

  @Test
  @DisplayName("6: replicas of the same names in another cluster have nothing to do with these")
  void sameNamesInAnotherCluster() throws Exception {
    String second = name + "_second";
    long id = one.elect(second, "2");
    lookBoth();
    send(one, 1, 0, 20);
    send(one, 2, 0, 20);
    send(other, second, 1, 0, 20);
    send(other, second, 2, 0, 20);
    assertThat(stage.stored(name)).isEqualTo(samples(1, 0, 20).toList());
    assertThat(stage.stored(second)).isEqualTo(samples(2, 0, 20).toList());
    twoTakesOver();
    assertThat(one.read(id).lease().term()).isEqualTo(1);
  }
}
