package org.promscale.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.promscale.storage.Mutant;
import org.promscale.storage.TwinDatabase;
import org.promscale.storage.TwinHistory;

/** One installation from its first to its last instant. */
final class World {

  private static final long KEEP_TIME = Simulation.SECOND / 2;
  private static final int LEAST_SERIES = 6;
  private static final int NOTES = 20;

  private final Plan plan;
  private final Policy policy;
  private final Simulation simulation = new Simulation();
  private final Random random;
  private final TwinDatabase database;
  private final Bodies bodies = new Bodies();
  private final int seriesCount;
  private final List<Connector> connectors = new ArrayList<>();
  private final int[] lives;
  private final long[] connectorOffsetMs;
  private final List<Replica> replicas = new ArrayList<>();
  private final Network network;
  private final Mutant mutant;
  private final Watchdog watchdog;
  private final Promises promises = new Promises(this);
  private final Faults faults;
  private final List<String> notes = new ArrayList<>();
  private final List<String> violations = new ArrayList<>();
  private long databaseOffsetMs;
  private boolean databaseClockWentBack;
  private long databaseSlowNanos;
  private boolean targetsGone;

  World(Plan plan, Policy policy, Mutant mutant) {
    this.plan = plan;
    this.policy = policy;
    this.mutant = mutant;
    this.random = new Random(plan.seed() * 0xbf58476d1ce4e5b9L + 7);
    this.database =
        new TwinDatabase(
            this::databaseClockMs,
            simulation::nowMs,
            new Random(plan.seed() * 0x94d049bb133111ebL + 3),
            mutant);
    int most = 0;
    for (int shards : plan.shards()) {
      most = Math.max(most, shards);
    }
    this.seriesCount = Math.max(LEAST_SERIES, 2 * most);
    this.lives = new int[plan.connectors()];
    this.connectorOffsetMs = new long[plan.connectors()];
    for (int i = 0; i < plan.connectors(); i++) {
      connectorOffsetMs[i] = random.nextInt(400) - 200L;
      connectors.add(new Connector(this, i, lives[i]++));
      connectors.get(i).start((long) random.nextInt(1_000) * Simulation.MS);
    }
    this.network = new Network(this, new Random(plan.seed() * 31 + 5));
    for (int i = 0; i < plan.replicas(); i++) {
      Replica replica = new Replica(this, i, random.nextInt((int) plan.stepMs()));
      replicas.add(replica);
      simulation.after((long) random.nextInt(3_000) * Simulation.MS, replica::start);
    }
    simulation.every(KEEP_TIME, KEEP_TIME, database::keepTime);
    this.watchdog = new Watchdog(this);
    simulation.every(Simulation.SECOND, Simulation.SECOND, watchdog::look);
    simulation.every(Simulation.SECOND, Simulation.SECOND, new HoldWatch(this)::look);
    this.faults = new Faults(this);
    plan.faults().forEach(faults::plan);
  }

  /** Runs it to the end; returns what is wrong. */
  List<String> run() {
    simulation.run(plan.minutes() * 60L * Simulation.SECOND);
    simulation.end();
    violations.addAll(new Evidence(this).violations());
    return violations;
  }

  /** Replaces a connector that is gone, some time later. */
  void restart(int number, long inNanos) {
    simulation.after(
        inNanos,
        () -> {
          if (connectors.get(number).host().isDead()) {
            Connector next = new Connector(this, number, lives[number]++);
            connectors.set(number, next);
            next.start(10 * Simulation.MS);
          } else {
            restart(number, Simulation.SECOND); // it is frozen in the middle of its stop
          }
        });
  }

  void setDatabaseSlow(long nanos) {
    databaseSlowNanos = nanos;
  }

  void jumpDatabase(long ms) {
    databaseOffsetMs += ms;
    databaseClockWentBack |= ms < 0;
  }

  void jumpConnector(int number, long ms) {
    connectorOffsetMs[number] += ms;
  }

  void setTargetsGone(boolean whether) {
    targetsGone = whether;
  }

  // What the others ask.

  Plan plan() {
    return plan;
  }

  Mutant mutant() {
    return mutant;
  }

  Promises promises() {
    return promises;
  }

  Policy policy() {
    return policy;
  }

  Simulation simulation() {
    return simulation;
  }

  TwinDatabase database() {
    return database;
  }

  Bodies bodies() {
    return bodies;
  }

  TwinHistory history(int cluster) {
    return new TwinHistory(database, nameOf(cluster));
  }

  static String nameOf(int cluster) {
    return "cluster" + cluster;
  }

  Network network() {
    return network;
  }

  Faults faults() {
    return faults;
  }

  int seriesCount() {
    return seriesCount;
  }

  Connector connector(int number) {
    return connectors.get(number);
  }

  List<Connector> connectors() {
    return connectors;
  }

  Replica replica(int number) {
    return replicas.get(number);
  }

  List<Replica> replicas() {
    return replicas;
  }

  long databaseClockMs() {
    return simulation.nowMs() + databaseOffsetMs;
  }

  /** Tells whether the database's clock was ever set back: its time-outs lasted longer then. */
  boolean hasDatabaseClockGoneBack() {
    return databaseClockWentBack;
  }

  /** Of the database's clock and that of the connector which is most behind the later one. */
  long earliestClockMs() {
    long earliest = Long.MAX_VALUE;
    for (Connector connector : connectors()) {
      earliest = Math.min(earliest, connector.clockMs());
    }
    return Math.max(earliest, databaseClockMs());
  }

  long connectorOffsetMs(int number) {
    return connectorOffsetMs[number];
  }

  /** Returns how long a statement or its answer is on its way. */
  long databaseLatency() {
    return 100_000
        + random.nextInt(1_500_000)
        + (databaseSlowNanos == 0 ? 0 : (long) (databaseSlowNanos * random.nextDouble()));
  }

  boolean isDatabaseSlow() {
    return databaseSlowNanos > 0;
  }

  boolean isTargetGone(int series) {
    return targetsGone && series == 4;
  }

  // What went wrong.

  void note(String text) {
    if (notes.size() < NOTES) {
      notes.add(text);
    }
  }

  void unforeseen(@Nullable Throwable failure) {
    violated("a request failed in an unforeseen way: " + failure);
  }

  void violated(String text) {
    if (violations.size() < NOTES) {
      violations.add("at %.1f s: %s".formatted(simulation.nowNanos() / 1e9, text));
    }
  }
}
