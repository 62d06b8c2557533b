package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.SampleComparison;
import org.promscale.testbed.SamplePoint;
import org.promscale.testbed.StoredSamples;
import org.promscale.testbed.SyntheticPlan;
import org.promscale.testbed.SyntheticReplica;

/**
 * Kills PostgreSQL and the connector with SIGKILL at random instants while senders write, and
 * afterwards looks for every acknowledged sample in SQL.
 */
final class CrashRun {

  private static final int SENDERS = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** One kill in this many does not wait until the last one is overcome. */
  private static final int HASTY = 8;

  private final Random random;
  private final int postgresKills;
  private final int connectorKills;
  private final List<SyntheticReplica> senders = new ArrayList<>();

  /**
   * Plans a run.
   *
   * @param seed decides the order and the instants of the kills
   */
  CrashRun(int postgresKills, int connectorKills, long seed) {
    this.postgresKills = postgresKills;
    this.connectorKills = connectorKills;
    this.random = new Random(seed);
    System.out.println(
        "CrashRun: "
            + postgresKills
            + " kills of PostgreSQL, "
            + connectorKills
            + " of the connector, -Dcrash.seed="
            + seed);
  }

  /** Returns the seed to use: {@code -Dcrash.seed}, or a new one. */
  static long seed() {
    return Long.getLong("crash.seed", System.nanoTime() & 0xffff_ffffL);
  }

  /** Runs to the end and fails if anything acknowledged is missing, changed or invented. */
  void run() throws Exception {
    try (PostgresServer postgres = PostgresServer.start(Map.of())) {
      String database = postgres.createDatabase();
      try (ConnectorProcess connector = ConnectorProcess.start(postgres, database)) {
        try {
          startSenders(connector);
          killAll(postgres, connector);
          awaitProgress();
          senders.forEach(sender -> sender.finish(PATIENCE));
          compare(new StoredSamples(postgres.dataSource(database)));
        } finally {
          senders.forEach(SyntheticReplica::close);
        }
      }
    }
  }

  private void startSenders(ConnectorProcess connector) {
    long startMs = System.currentTimeMillis();
    for (int author = 1; author <= SENDERS; author++) {
      SyntheticPlan plan =
          SyntheticPlan.of(author, startMs)
              .withShape(40, 2, 1)
              .withLongestBackoff(Duration.ofMillis(300));
      senders.add(SyntheticReplica.start(plan, connector::writeUri));
    }
  }

  private void killAll(PostgresServer postgres, ConnectorProcess connector) {
    List<Boolean> kills = new ArrayList<>(Collections.nCopies(postgresKills, true));
    kills.addAll(Collections.nCopies(connectorKills, false));
    Collections.shuffle(kills, random);
    int done = 0;
    for (boolean killPostgres : kills) {
      if (random.nextInt(HASTY) > 0) {
        awaitProgress();
      }
      pauseAtMost(1500);
      if (killPostgres) {
        postgres.kill();
        pauseAtMost(500);
        postgres.start();
      } else {
        connector.kill();
        connector.start();
      }
      if (++done % 20 == 0) {
        System.out.println(
            "CrashRun: " + done + " kills, " + acknowledgedRequests() + " acknowledged requests");
      }
    }
  }

  private void compare(StoredSamples stored) throws Exception {
    Set<SamplePoint> acknowledged = new HashSet<>();
    senders.forEach(sender -> acknowledged.addAll(sender.acknowledged()));
    SampleComparison comparison = SampleComparison.of(acknowledged, stored.all());
    System.out.println(
        "CrashRun: "
            + comparison.expectedCount()
            + " samples acknowledged, "
            + comparison.actualCount()
            + " in SQL, "
            + comparison.missing()
            + " lost; "
            + senders.stream().mapToLong(SyntheticReplica::retries).sum()
            + " retries");
    assertThat(senders.stream().mapToLong(SyntheticReplica::requestsDropped).sum())
        .as("requests answered with 4xx: " + drops())
        .isZero();
    // Every request was repeated until it was acknowledged, so nothing else may be there either.
    comparison.assertEqual();
  }

  /** Waits until every sender has had something acknowledged since now. */
  private void awaitProgress() {
    List<Long> before = senders.stream().map(SyntheticReplica::requestsAcknowledged).toList();
    Await.until(
        "requests are acknowledged again",
        PATIENCE,
        () -> {
          for (int i = 0; i < senders.size(); i++) {
            if (senders.get(i).requestsAcknowledged() <= before.get(i)) {
              return false;
            }
          }
          return true;
        });
  }

  private long acknowledgedRequests() {
    return senders.stream().mapToLong(SyntheticReplica::requestsAcknowledged).sum();
  }

  private List<String> drops() {
    return senders.stream().map(SyntheticReplica::lastDrop).toList();
  }

  private void pauseAtMost(int milliseconds) {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(random.nextInt(milliseconds));
    for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
