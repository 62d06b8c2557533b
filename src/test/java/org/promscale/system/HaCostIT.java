package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.CpuTime;
import org.promscale.testbed.HaReplica;
import org.promscale.testbed.HaStatus;
import org.promscale.testbed.LeaderWatch;
import org.promscale.testbed.MetricsPage;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.SyntheticPlan;

/**
 * What a sample of a standby costs beside one of the leader, and how much memory it takes while it
 * is held: a healthy pair at defaults, the leader at one connector, the standby at another one, CPU
 * time of each connector and of its database sessions in the same windows. {@code ./mvnw verify
 * -Pload -Dit.test=HaCostIT}.
 */
@Tag("load")
class HaCostIT {

  private static final String CLUSTER = "cost";
  private static final int SERIES = 3_000;
  private static final Duration WARM_UP = Duration.ofSeconds(90);
  private static final Duration WINDOW = Duration.ofSeconds(15);
  private static final int WINDOWS = 12;
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** Of a standby's requests, at most so many may be answered 503. */
  private static final double MOST_PUSHED_BACK = 0.001;

  private final List<Double> leaderMicros = new ArrayList<>();
  private final List<Double> standbyMicros = new ArrayList<>();
  private final List<Double> ratios = new ArrayList<>();
  private final List<Double> connectorRatios = new ArrayList<>();
  private final List<Double> bytesPerSample = new ArrayList<>();

  /** CPU seconds so far, of one connector and of its sessions. */
  private record Cost(double connector, double sessions) {
    Cost minus(Cost before) {
      return new Cost(connector - before.connector, sessions - before.sessions);
    }

    double both() {
      return connector + sessions;
    }
  }

  @Test
  void aStandbysSampleCostsLessThanALeaders() throws Exception {
    try (PostgresServer postgres = PostgresServer.start(Map.of())) {
      String database = postgres.createDatabase();
      try (ConnectorProcess first = connector(postgres, database, 0);
          ConnectorProcess second = connector(postgres, database, 1);
          LeaderWatch watch = LeaderWatch.start(List.of(first.uri(HaStatus.PATH)));
          HaReplica leader = replica("leader", 1, 0, first);
          HaReplica standby = replica("standby", 2, 480, second)) {
        leader.start();
        Await.until("somebody leads", PATIENCE, () -> watch.allName(CLUSTER, "leader"));
        standby.start();
        pause(WARM_UP);
        List<ConnectorProcess> connectors = List.of(first, second);
        for (int window = 0; window < WINDOWS; window++) {
          measure(postgres, database, connectors);
        }
        assertHealthy(standby);
        assertThat(watch.everNamed(CLUSTER)).containsExactly("1 leader");
      }
    }
    print("leader, CPU microseconds a sample", leaderMicros);
    print("standby, CPU microseconds a sample", standbyMicros);
    print("standby to leader, connector and database", ratios);
    print("standby to leader, connector alone", connectorRatios);
    print("hold, bytes a sample", bytesPerSample);
    assertThat(median(ratios)).as("CPU of a standby's sample to a leader's").isLessThan(1);
  }

  private static ConnectorProcess connector(PostgresServer postgres, String database, int number) {
    String uri = postgres.uri(database);
    String name = "application_name=" + session(number);
    return ConnectorProcess.startWith(
        List.of(),
        List.of(
            "-db.uri", uri + (uri.contains("?") ? "&" : "?") + name, "-metrics.high-availability"));
  }

  private static String session(int connector) {
    return "cost-" + connector;
  }

  private static HaReplica replica(
      String name, int author, int phaseMs, ConnectorProcess connector) {
    return new HaReplica(
        SyntheticPlan.ofReplica(CLUSTER, name, author, System.currentTimeMillis() + phaseMs)
            .withShape(SERIES, 3, 1),
        connector::writeUri);
  }

  private void measure(PostgresServer postgres, String database, List<ConnectorProcess> connectors)
      throws Exception {
    List<Cost> before = costs(postgres, database, connectors);
    long startNanos = System.nanoTime();
    pause(WINDOW);
    List<Cost> after = costs(postgres, database, connectors);
    double samples = SERIES * (System.nanoTime() - startNanos) / 1e9;
    Cost leader = after.get(0).minus(before.get(0));
    Cost standby = after.get(1).minus(before.get(1));
    leaderMicros.add(leader.both() / samples * 1e6);
    standbyMicros.add(standby.both() / samples * 1e6);
    ratios.add(standby.both() / leader.both());
    connectorRatios.add(standby.connector() / leader.connector());
    MetricsPage page = MetricsPage.of(connectors.get(1).uri("/metrics"));
    bytesPerSample.add(
        page.sum("promscale_ha_hold_bytes", Map.of())
            / page.sum("promscale_ha_hold_items", Map.of()));
  }

  private static List<Cost> costs(
      PostgresServer postgres, String database, List<ConnectorProcess> connectors)
      throws SQLException {
    List<Cost> costs = new ArrayList<>();
    for (int i = 0; i < connectors.size(); i++) {
      double sessions = 0;
      for (String pid :
          Rows.of(
              postgres.dataSource(database),
              "SELECT pid FROM pg_stat_activity WHERE application_name = '" + session(i) + "'")) {
        sessions += CpuTime.ofWhoMayEnd(Long.parseLong(pid));
      }
      costs.add(new Cost(connectors.get(i).cpuSeconds(), sessions));
    }
    return costs;
  }

  private static void assertHealthy(HaReplica standby) throws IOException {
    double requests = standby.current().requestsAcknowledged();
    double retries = standby.current().retries();
    long lagMs = System.currentTimeMillis() - standby.current().acknowledgedUntilMs();
    System.out.printf(
        "HaCostIT: standby: %.0f requests, %.0f retried, %d ms behind%n", requests, retries, lagMs);
    assertThat(retries / requests).isLessThan(MOST_PUSHED_BACK);
    assertThat(lagMs).as("milliseconds the standby is behind").isLessThan(5_000);
  }

  private static void pause(Duration duration) {
    long until = System.nanoTime() + duration.toNanos();
    Await.until("the window is over", PATIENCE, () -> System.nanoTime() - until >= 0);
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }

  private static void print(String what, List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    System.out.printf(
        "HaCostIT: %-45s median %.2f, least %.2f, most %.2f of %d%n",
        what, median(sorted), sorted.get(0), sorted.get(sorted.size() - 1), sorted.size());
  }
}
