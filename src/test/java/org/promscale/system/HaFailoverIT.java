package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.HaHistory;
import org.promscale.testbed.HaReplica;
import org.promscale.testbed.MetricsPage;

/**
 * Pairs of replicas behind a load balancer over two connectors, which lose their leader in
 * different ways at the same time. Everything happens once, then each test looks at it.
 */
class HaFailoverIT {

  private static final Duration LONGEST_DISAGREEMENT = Duration.ofSeconds(2);
  private static final long STALLED_NANOS = 8_000_000_000L;

  private static HaStand stand;
  private static HaPair killed;
  private static HaPair cutOff;
  private static HaPair bursts;
  private static HaPair stuck;
  private static HaPair healthy;

  @BeforeAll
  static void loseLeaders() {
    stand = new HaStand(2, "15s");
    killed = pair("killed", 0, 1);
    cutOff = pair("cut-off", 1, 1);
    bursts = pair("bursts", 2, 5);
    stuck = pair("stuck", 3, 1);
    healthy = pair("healthy", 4, 1);
    HaPair.startAll(stand, all().toList());

    stuck.first().current().stall(1);
    long stalledAt = System.nanoTime();
    Await.until(
        "a shard is behind", HaPair.PATIENCE, () -> System.nanoTime() - stalledAt > STALLED_NANOS);
    cutOff.first().current().cutOff();
    Stream.of(killed, bursts, stuck).forEach(pair -> pair.first().kill());
    losers().forEach(pair -> pair.awaitTakeover(stand));

    cutOff.first().current().reconnect();
    HaPair.awaitDelivered(cutOff.first());
    all().forEach(pair -> HaPair.awaitDelivered(leader(pair)));
    // Nobody follows a leader that has ended: the standbys go first, with what they still have.
    cutOff.first().kill();
    healthy.second().kill();
    Stream.of(cutOff, healthy).forEach(pair -> HaPair.awaitOutlived(leader(pair)));
    all().forEach(pair -> leader(pair).finish(HaPair.PATIENCE));
  }

  @AfterAll
  static void stop() {
    all().forEach(HaPair::close);
    if (stand != null) {
      stand.close();
    }
  }

  private static HaPair pair(String cluster, int number, int roundsPerRequest) {
    return new HaPair(cluster, number, 60, roundsPerRequest, () -> stand.balancer().writeUri());
  }

  static Stream<HaPair> all() {
    return Stream.of(killed, cutOff, bursts, stuck, healthy).filter(pair -> pair != null);
  }

  static Stream<HaPair> losers() {
    return all().filter(pair -> pair != healthy);
  }

  private static HaReplica leader(HaPair pair) {
    return pair == healthy ? pair.first() : pair.second();
  }

  @ParameterizedTest
  @MethodSource("all")
  void oneAuthorAndNoHoleAndEverythingAcknowledgedIsThere(HaPair pair) throws Exception {
    pair.assertNothingIsMissing(stand);
  }

  @ParameterizedTest
  @MethodSource("losers")
  void theStandbyTookOverOnce(HaPair pair) throws Exception {
    List<HaHistory.Term> terms = pair.evidence(stand).history().terms();
    assertThat(terms)
        .extracting(HaHistory.Term::leader)
        .containsExactly(pair.first().name(), pair.second().name());
    assertThat(terms).extracting(HaHistory.Term::cause).containsExactly("first", "silent");
    assertThat(stand.watch().everNamed(pair.cluster()))
        .containsExactly("1 " + pair.first().name(), "2 " + pair.second().name());
  }

  @Test
  void aHealthyPairKeepsItsLeader() throws Exception {
    assertThat(healthy.evidence(stand).history().terms()).hasSize(1);
    assertThat(stand.watch().everNamed(healthy.cluster()))
        .containsExactly("1 " + healthy.first().name());
  }

  @ParameterizedTest
  @MethodSource("losers")
  void allConnectorsNameTheNewLeaderAtOnce(HaPair pair) {
    Duration disagreement = stand.watch().disagreement(pair.cluster(), 2);
    System.out.println("HaFailoverIT: " + pair + ": connectors differed for " + disagreement);
    assertThat(disagreement).isLessThan(LONGEST_DISAGREEMENT);
  }

  @ParameterizedTest
  @MethodSource("all")
  void metricsOfEveryConnectorNameTheLeader(HaPair pair) throws Exception {
    for (ConnectorProcess connector : stand.connectors()) {
      MetricsPage page = MetricsPage.of(connector.uri("/metrics"));
      for (HaReplica replica : List.of(pair.first(), pair.second())) {
        assertThat(
                page.sum(
                    "promscale_ha_cluster_leader_info",
                    Map.of("cluster", pair.cluster(), "replica", replica.name())))
            .as("%s at %s", replica.name(), connector.uri("/"))
            .isEqualTo(replica == leader(pair) ? 1 : 0);
      }
      assertThat(
              page.sum(
                  "promscale_ha_cluster_leader_changes_total", Map.of("cluster", pair.cluster())))
          .as("changes at %s", connector.uri("/"))
          .isEqualTo(pair == healthy ? 0 : 1);
    }
  }

  @Test
  void samplesAreCountedByVerdict() throws Exception {
    assertThat(samples(healthy.first(), "stored")).isPositive();
    assertThat(samples(healthy.second(), "covered")).isPositive();
    assertThat(samples(healthy.second(), "held")).isPositive();
    assertThat(samples(healthy.second(), "stored") + samples(healthy.second(), "filled")).isZero();
    assertThat(samples(stuck.second(), "filled")).as("what the stuck shard kept").isPositive();
  }

  private static double samples(HaReplica replica, String verdict) throws Exception {
    double sum = 0;
    for (ConnectorProcess connector : stand.connectors()) {
      sum +=
          MetricsPage.of(connector.uri("/metrics"))
              .sum(
                  "promscale_ha_samples_total",
                  Map.of("replica", replica.name(), "verdict", verdict));
    }
    return sum;
  }

  @ParameterizedTest
  @MethodSource("all")
  void ofAllConnectorsOneLogsAChange(HaPair pair) {
    int changes = pair == healthy ? 0 : 1;
    Await.until(
        "a change of " + pair + " is logged",
        Duration.ofMinutes(3),
        () -> changesLogged(pair).size() >= changes);
    assertThat(changesLogged(pair)).hasSize(changes);
    assertThat(changesLogged(pair))
        .allMatch(line -> line.contains("term 2, silent; "))
        .allMatch(line -> line.contains(pair.first().name() + " had been silent for "))
        .allMatch(line -> line.endsWith("no hole is left"));
  }

  private static List<String> changesLogged(HaPair pair) {
    String told =
        "cluster "
            + pair.cluster()
            + ": leader "
            + pair.first().name()
            + " -> "
            + pair.second().name()
            + ", ";
    return stand.connectors().stream()
        .flatMap(connector -> connector.output().stream())
        .filter(line -> line.contains(told))
        .toList();
  }
}
