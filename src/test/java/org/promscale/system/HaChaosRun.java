package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.promscale.testbed.Await;
import org.promscale.testbed.ConnectorProcess;
import org.promscale.testbed.HaEvidence;
import org.promscale.testbed.HaReplica;
import org.promscale.testbed.SyntheticPlan;

/**
 * Three replicas of one cluster write to three connectors, two of them through a load balancer that
 * spreads requests, the third always to the same connector, while connectors, the database and the
 * replicas are killed, frozen, stopped and cut off. At most one replica is away at a time, so that
 * every scrape was delivered by somebody. Afterwards the invariants are checked from SQL.
 *
 * <p>The senders wait 10 s for an answer, not Prometheus' 30 s: a frozen connector must not make
 * one shard of the leader lag for longer than the settle time, which nobody fills in a version that
 * holds nothing.
 */
final class HaChaosRun {

  private static final String CLUSTER = "chaos";
  private static final int REPLICAS = 3;
  private static final int CONNECTORS = 3;
  private static final long STEP_MS = 1_000;
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(10);

  /** After several switches in an hour the timeout is eight times as long. */
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  /** The silence is one look short of a takeover. */
  private static final double SECONDS_BEFORE_TAKEOVER = 1.2;

  /** Of a replica: less or more than the timeout. */
  private static final int LONGEST_ABSENCE_MS = 25_000;

  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Duration duration;
  private final Duration longestFreeze;
  private final Random random;
  private final List<HaReplica> replicas = new ArrayList<>();
  private final PriorityQueue<Later> later =
      new PriorityQueue<>(Comparator.comparingLong(Later::nanoTime));
  private final boolean[] connectorFrozen = new boolean[CONNECTORS];
  private boolean replicaAway;
  private long databaseSafeUntil;
  private int strikes;

  /** What is to be undone, and when. */
  private record Later(long nanoTime, Runnable action) {}

  /**
   * Plans a run.
   *
   * @param longestFreeze of a connector
   * @param seed decides what happens when
   */
  HaChaosRun(Duration duration, Duration longestFreeze, long seed) {
    this.duration = duration;
    this.longestFreeze = longestFreeze;
    this.random = new Random(seed);
    say(duration + ", -Dha.chaos.seed=" + seed);
  }

  /** Returns the seed to use: {@code -Dha.chaos.seed}, or a new one. */
  static long seed() {
    return Long.getLong("ha.chaos.seed", System.nanoTime() & 0xffff_ffffL);
  }

  /** Runs to the end and fails if an invariant is broken. */
  void run() throws Exception {
    try (HaStand stand = new HaStand(CONNECTORS, "15s")) {
      try {
        startReplicas(stand);
        wreak(stand);
        settle(stand);
        check(stand);
      } finally {
        replicas.forEach(HaReplica::close);
      }
    }
  }

  private void startReplicas(HaStand stand) {
    long startMs = System.currentTimeMillis();
    for (int i = 0; i < REPLICAS; i++) {
      Supplier<URI> address =
          i < REPLICAS - 1
              ? () -> stand.balancer().writeUri()
              : () -> stand.connectors().get(0).writeUri();
      replicas.add(
          new HaReplica(
              SyntheticPlan.ofReplica(
                      CLUSTER, "replica-" + (char) ('a' + i), i + 1, startMs + i * 310L)
                  .withRequestTimeout(REQUEST_TIMEOUT),
              address));
    }
    replicas.forEach(HaReplica::start);
    Await.until("somebody leads", PATIENCE, () -> stand.watch().firstNamed(CLUSTER, 1).isPresent());
  }

  private void wreak(HaStand stand) {
    long end = System.nanoTime() + duration.toNanos();
    // At least one takeover, also in a short run.
    for (HaReplica replica : replicas) {
      if (replica.name().equals(leader(stand))) {
        killReplica(replica, LONGEST_ABSENCE_MS);
      }
    }
    while (System.nanoTime() < end) {
      long next = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(1_000 + random.nextInt(4_000));
      while (System.nanoTime() < next) {
        undoWhatIsDue(System.nanoTime());
        strikeAtTakeover(stand);
        LockSupport.parkNanos(TICK_NANOS);
      }
      switch (random.nextInt(10)) {
        case 0, 1 -> killConnector(stand, random.nextInt(CONNECTORS));
        case 2 -> restartConnector(stand, random.nextInt(CONNECTORS));
        case 3, 4 -> freezeConnector(stand, random.nextInt(CONNECTORS));
        case 5 -> stopDatabase(stand, "stopped");
        case 6, 7 -> killReplica(victim(stand), 500 + random.nextInt(LONGEST_ABSENCE_MS));
        default -> cutOffReplica(stand);
      }
    }
  }

  private void killConnector(HaStand stand, int number) {
    if (!connectorFrozen[number]) {
      say("connector " + number + " killed");
      stand.connectors().get(number).kill();
      stand.connectors().get(number).launch();
    }
  }

  private void restartConnector(HaStand stand, int number) {
    if (!connectorFrozen[number]) {
      say("connector " + number + " restarted");
      ConnectorProcess connector = stand.connectors().get(number);
      if (connector.isAlive()) {
        connector.stop();
      }
      connector.launch();
    }
  }

  private void freezeConnector(HaStand stand, int number) {
    if (!connectorFrozen[number]) {
      int milliseconds = 500 + random.nextInt((int) longestFreeze.toMillis());
      say("connector " + number + " frozen for " + milliseconds + " ms");
      connectorFrozen[number] = true;
      stand.connectors().get(number).freeze();
      undoLater(
          milliseconds,
          () -> {
            connectorFrozen[number] = false;
            stand.connectors().get(number).unfreeze();
          });
    }
  }

  private void stopDatabase(HaStand stand, String why) {
    int milliseconds = 200 + random.nextInt(4_000);
    say("database " + why + " for " + milliseconds + " ms");
    // A frozen connector holds its sessions open; a fast stop ends them all the same.
    stand.postgres().stop();
    pause(milliseconds);
    stand.postgres().start();
    databaseSafeUntil = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
  }

  /** Takes the database away right when a standby is about to take over. */
  private void strikeAtTakeover(HaStand stand) {
    boolean isDue =
        stand
            .watch()
            .latest(CLUSTER)
            .filter(c -> c.timeoutSeconds() - c.silenceSeconds() < SECONDS_BEFORE_TAKEOVER)
            .isPresent();
    if (isDue && System.nanoTime() - databaseSafeUntil > 0) {
      strikes++;
      stopDatabase(stand, "stopped at a takeover");
    }
  }

  private void killReplica(HaReplica replica, int milliseconds) {
    if (!replicaAway) {
      say(replica.name() + " killed for " + milliseconds + " ms");
      replicaAway = true;
      replica.kill();
      undoLater(
          milliseconds,
          () -> {
            replicaAway = false;
            replica.start();
          });
    }
  }

  private void cutOffReplica(HaStand stand) {
    if (!replicaAway) {
      HaReplica replica = victim(stand);
      int milliseconds = 500 + random.nextInt(LONGEST_ABSENCE_MS);
      say(replica.name() + " cut off for " + milliseconds + " ms");
      replicaAway = true;
      replica.current().cutOff();
      undoLater(
          milliseconds,
          () -> {
            replicaAway = false;
            replica.current().reconnect();
          });
    }
  }

  /** Two times in three the leader. */
  private HaReplica victim(HaStand stand) {
    String leader = leader(stand);
    return replicas.stream()
        .filter(replica -> replica.name().equals(leader) && random.nextInt(3) > 0)
        .findFirst()
        .orElseGet(() -> replicas.get(random.nextInt(REPLICAS)));
  }

  private static String leader(HaStand stand) {
    return stand.watch().latest(CLUSTER).map(cluster -> cluster.leader()).orElse("");
  }

  private void undoLater(int milliseconds, Runnable action) {
    later.add(new Later(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(milliseconds), action));
  }

  private void undoWhatIsDue(long nanoTime) {
    for (Later next = later.peek();
        next != null && next.nanoTime() - nanoTime <= 0;
        next = later.peek()) {
      later.remove();
      next.action().run();
    }
  }

  /** Everything is well again; standbys end before the leader that settles their data. */
  private void settle(HaStand stand) {
    say("settling; the database was stopped at " + strikes + " takeovers");
    undoWhatIsDue(System.nanoTime() + TimeUnit.HOURS.toNanos(1));
    stand.connectors().forEach(ConnectorProcess::awaitReady);
    Await.until(
        "everybody names one leader",
        PATIENCE,
        () -> stand.watch().allName(CLUSTER, leader(stand)) && !leader(stand).isEmpty());
    // If it is not the last one after all, it falls silent and the one that goes on takes over.
    HaReplica leader =
        replicas.stream()
            .filter(replica -> replica.name().equals(leader(stand)))
            .findFirst()
            .orElseThrow();
    HaPair.awaitDelivered(leader, PATIENCE);
    List<HaReplica> others = replicas.stream().filter(replica -> replica != leader).toList();
    others.forEach(replica -> replica.current().stopScraping());
    others.forEach(replica -> replica.finish(PATIENCE));
    leader.finish(PATIENCE);
  }

  private void check(HaStand stand) throws Exception {
    HaEvidence evidence = HaEvidence.of(stand.dataSource(), CLUSTER, STEP_MS, replicas);
    say(
        evidence
            + ", restarts left out "
            + evidence.gaps()
            + ", largest distance "
            + evidence.largestDistanceMs()
            + " ms"
            + evidence.history());
    evidence.assertInvariants();
    for (HaReplica replica : replicas) {
      assertThat(replica.requestsDropped())
          .as("requests of %s answered with 4xx: %s", replica.name(), replica.lastDrop())
          .isZero();
    }
  }

  private static void pause(int milliseconds) {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(milliseconds);
    for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private static void say(String what) {
    System.out.println("HaChaosRun: " + System.currentTimeMillis() + " " + what);
  }
}
