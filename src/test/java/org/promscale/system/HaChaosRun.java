package org.promscale.system;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
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
 * Three replicas of one cluster write to several connectors, two of them through a load balancer
 * that spreads requests, the third always to the same connector, while connectors, the database and
 * the replicas are killed, frozen, stopped and cut off. At most one replica is away at a time, so
 * that every scrape was delivered by somebody. Afterwards the invariants are checked from SQL.
 *
 * <p>{@link HaChaosTurns} says who may be struck when. The synthetic senders wait 10 s for an
 * answer, not Prometheus' 30 s: so more of them meet a frozen connector in the same time. In the
 * long form a pair of real Prometheus is a second cluster under the same blows.
 */
final class HaChaosRun {

  private static final String CLUSTER = "chaos";
  private static final int REPLICAS = 3;
  private static final long STEP_MS = 1_000;
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(10);

  /** After several switches in an hour the timeout is eight times as long. */
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  /** The silence is one look short of a takeover. */
  private static final double SECONDS_BEFORE_TAKEOVER = 1.2;

  /** Of a replica: less or more than the timeout. */
  private static final int LONGEST_ABSENCE_MS = 25_000;

  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Plan plan;
  private final Random random;
  private final HaChaosTurns turns;
  private final List<HaReplica> replicas = new ArrayList<>();
  private final PriorityQueue<Later> later =
      new PriorityQueue<>(Comparator.comparingLong(Later::nanoTime));
  private final boolean[] connectorFrozen;
  private final List<HaChaosPair> pairs = new ArrayList<>();
  private boolean replicaAway;
  private int connectorKills;
  private int replicaBlows;
  private long databaseSafeUntil;
  private int strikes;

  /** What is to be undone, and when. */
  private record Later(long nanoTime, Runnable action) {}

  /**
   * What a run is like.
   *
   * @param connectors their number
   * @param longestFreeze of a connector
   * @param turn how long either kind may be struck; see {@link HaChaosTurns}
   * @param keepsDistance connectors are killed a settle time away from any loss of a leader
   * @param realPair two real Prometheus take part
   */
  record Plan(
      int connectors,
      Duration duration,
      Duration longestFreeze,
      Duration turn,
      boolean keepsDistance,
      boolean realPair) {

    /** Returns twice the longest lag that a freeze gives a sender, with a margin for restarts. */
    Duration settled() {
      return Duration.ofSeconds(20).plus(longestFreeze.multipliedBy(2));
    }
  }

  /**
   * Plans a run.
   *
   * @param seed decides what happens when
   */
  HaChaosRun(Plan plan, long seed) {
    this.plan = plan;
    this.random = new Random(seed);
    this.connectorFrozen = new boolean[plan.connectors()];
    this.turns =
        new HaChaosTurns(plan.keepsDistance(), plan.turn(), plan.settled(), System.nanoTime());
    say(plan + ", -Dha.chaos.seed=" + seed);
  }

  /** Returns the seed to use: {@code -Dha.chaos.seed}, or a new one. */
  static long seed() {
    return Long.getLong("ha.chaos.seed", System.nanoTime() & 0xffff_ffffL);
  }

  /** Runs to the end; {@link HaChaosResult} tells what was found. */
  HaChaosResult run() throws Exception {
    try (HaStand stand = new HaStand(plan.connectors(), "15s")) {
      try {
        startReplicas(stand);
        if (plan.realPair()) {
          pairs.add(HaChaosPair.start(stand));
        }
        wreak(stand);
        settle(stand);
        return result(stand);
      } finally {
        pairs.forEach(HaChaosPair::close);
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
    long end = System.nanoTime() + plan.duration().toNanos();
    killConnector(stand, random.nextInt(plan.connectors()));
    while (System.nanoTime() < end || replicaBlows == 0) {
      if (System.nanoTime() - end > PATIENCE.toNanos()) {
        throw new AssertionError("the turn of the replicas never came");
      }
      long next = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(1_000 + random.nextInt(4_000));
      while (System.nanoTime() < next) {
        undoWhatIsDue(System.nanoTime());
        takeTurns(stand);
        strikeAtTakeover(stand);
        LockSupport.parkNanos(TICK_NANOS);
      }
      switch (random.nextInt(11)) {
        case 0, 1 -> killConnector(stand, random.nextInt(plan.connectors()));
        case 2 -> restartConnector(stand, random.nextInt(plan.connectors()));
        case 3, 4 -> freezeConnector(stand, random.nextInt(plan.connectors()));
        case 5 -> {
          if (turns.mayDelay()) {
            stopDatabase(stand, "stopped");
          }
        }
        case 6, 7 -> killReplica(victim(stand), 500 + random.nextInt(LONGEST_ABSENCE_MS));
        case 8 -> strikePair();
        default -> cutOffReplica(stand);
      }
    }
  }

  /** A turn of the replicas begins with a takeover, also in a short run. */
  private void takeTurns(HaStand stand) {
    boolean isCalm = later.isEmpty();
    if (turns.tick(System.nanoTime(), isCalm)) {
      say(turns.mayStrikeReplica() ? "turn of the replicas" : "turn of the connectors");
      replicas.stream()
          .filter(replica -> turns.mayStrikeReplica() && replica.name().equals(leader(stand)))
          .forEach(replica -> killReplica(replica, LONGEST_ABSENCE_MS));
      if (turns.mayKillConnector()) {
        killConnector(stand, random.nextInt(plan.connectors()));
      }
    }
  }

  private void killConnector(HaStand stand, int number) {
    if (turns.mayKillConnector() && !connectorFrozen[number]) {
      say("connector " + number + " killed");
      connectorKills++;
      stand.connectors().get(number).kill();
      stand.connectors().get(number).launch();
    }
  }

  private void strikePair() {
    if (turns.mayStrikeReplica() && !replicaAway) {
      pairs.forEach(
          pair -> {
            replicaAway = true;
            say(pair.killOne(random) + " killed");
            undoLater(
                500 + random.nextInt(LONGEST_ABSENCE_MS),
                () -> {
                  replicaAway = false;
                  pair.restart();
                });
          });
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
    if (turns.mayDelay() && !connectorFrozen[number]) {
      int milliseconds = 500 + random.nextInt((int) plan.longestFreeze().toMillis());
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
    if (turns.mayStrikeReplica() && !replicaAway) {
      replicaBlows++;
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
    if (turns.mayStrikeReplica() && !replicaAway) {
      replicaBlows++;
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

  /** Everything is well again; the leader goes on until nothing is held any more. */
  private void settle(HaStand stand) throws Exception {
    say("settling; the database was stopped at " + strikes + " takeovers");
    undoWhatIsDue(System.nanoTime() + TimeUnit.HOURS.toNanos(1));
    stand.connectors().forEach(ConnectorProcess::awaitReady);
    Await.until(
        "everybody names one leader",
        PATIENCE,
        () -> stand.watch().allName(CLUSTER, leader(stand)) && !leader(stand).isEmpty());
    for (HaChaosPair pair : pairs) {
      pair.finish(plan.settled());
    }
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
    Await.until(
        "nothing of " + CLUSTER + " is held",
        PATIENCE,
        () -> stand.heldItems(Map.of("cluster", CLUSTER)) == 0);
    leader.finish(PATIENCE);
  }

  private HaChaosResult result(HaStand stand) throws Exception {
    HaEvidence evidence = HaEvidence.of(stand.dataSource(), CLUSTER, STEP_MS, replicas);
    say(
        evidence
            + ", "
            + connectorKills
            + " connectors killed, "
            + replicaBlows
            + " replicas struck, largest distance "
            + evidence.largestDistance()
            + evidence.history());
    List<String> dropped = new ArrayList<>();
    for (HaReplica replica : replicas) {
      if (replica.requestsDropped() > 0) {
        dropped.add(replica.name() + " dropped a request: " + replica.lastDrop());
      }
    }
    for (HaChaosPair pair : pairs) {
      dropped.addAll(pair.violations());
    }
    return new HaChaosResult(evidence, dropped);
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
