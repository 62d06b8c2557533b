package org.promscale.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * What a seed stands for: the installation and its faults.
 *
 * @param seed decides everything
 * @param minutes simulated
 * @param connectors running instances
 * @param replicas senders of each cluster
 * @param clusters clusters, each with all replicas
 * @param shards per replica
 * @param stepMs scrape interval
 * @param flushMs longest wait of a sample for its request
 * @param balancing which connector a request goes to
 * @param timeoutMs fixed timeout, 0 for automatic
 * @param writers storing transactions of a connector at once
 * @param queueBytes bound of a connector's queue
 * @param faults in order of time
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Plan(
    long seed,
    int minutes,
    int connectors,
    int replicas,
    int clusters,
    int[] shards,
    long stepMs,
    long flushMs,
    Balancing balancing,
    long timeoutMs,
    int writers,
    long queueBytes,
    List<Fault> faults) {

  /** How a load balancer chooses. */
  enum Balancing {
    RANDOM,
    ROUND_ROBIN,
    STICKY_PER_REPLICA,
    STICKY_PER_SHARD
  }

  private static final long CALM_MS = 75_000;
  private static final long FIRST_FAULT_MS = 8_000;

  /** Returns how much every connector can hold: with one in four it is often full. */
  long holdBytes() {
    return new Random(seed * 0x94d049bb133111ebL + 9).nextInt(4) == 0 ? 40_000 : 1 << 24;
  }

  static Plan of(long seed, int minutes) {
    Random random = new Random(seed * 0x9e3779b97f4a7c15L + 1);
    int connectors = 1 + random.nextInt(4);
    int replicas = 2 + random.nextInt(3);
    int clusters = random.nextInt(3) == 0 ? 2 : 1;
    int[] shards = new int[replicas];
    int usual = 1 + random.nextInt(6);
    for (int i = 0; i < replicas; i++) {
      shards[i] = random.nextInt(4) == 0 ? 1 + random.nextInt(6) : usual;
    }
    long step = pick(random, 5_000, 5_000, 5_000, 5_000, 10_000, 15_000);
    long flush = pick(random, 200, 1_000, 5_000, 5_000);
    Balancing balancing = Balancing.values()[random.nextInt(Balancing.values().length)];
    long timeout = pick(random, 0, 0, 15_000, 20_000, 30_000);
    if (timeout > 0) {
      timeout = Math.max(timeout, 2 * (step + flush) + 5_000);
    }
    int writers = 1 + random.nextInt(4);
    long queue = pick(random, 1_000, 1 << 20, 1 << 20);
    List<Fault> faults =
        faults(
            random, minutes * 60_000L, connectors, replicas, 5 + random.nextInt(5) * minutes / 5);
    faults.addAll(orders(new Random(seed * 0xd6e8feb86659fd93L + 11), minutes, replicas));
    faults.sort(Comparator.comparingLong(Fault::atMs));
    return new Plan(
        seed,
        minutes,
        connectors,
        replicas,
        clusters,
        shards,
        step,
        flush,
        balancing,
        timeout,
        writers,
        queue,
        faults);
  }

  /** Returns the same installation with only some of its faults. */
  Plan with(List<Fault> some) {
    return new Plan(
        seed,
        minutes,
        connectors,
        replicas,
        clusters,
        shards,
        stepMs,
        flushMs,
        balancing,
        timeoutMs,
        writers,
        queueBytes,
        List.copyOf(some));
  }

  /** Returns the same installation with the faults of these numbers. */
  Plan only(List<Integer> numbers) {
    return with(numbers.stream().map(faults::get).toList());
  }

  /** Returns the numbers of its faults among all of its seed. */
  String chosen() {
    List<Fault> all = of(seed, minutes).faults();
    if (all.equals(faults)) {
      return "all";
    }
    return faults.isEmpty()
        ? "none"
        : faults.stream().map(f -> String.valueOf(all.indexOf(f))).collect(Collectors.joining(","));
  }

  private static List<Fault> faults(
      Random random, long lengthMs, int connectors, int replicas, int count) {
    List<Fault> faults = new ArrayList<>();
    long lastMs = lengthMs - CALM_MS;
    List<Fault.Kind> kinds =
        Arrays.stream(Fault.Kind.values()).filter(kind -> !kind.isOrder()).toList();
    // What is in the future of both clocks is refused for good, and rightly so.
    Fault.Kind tame = random.nextBoolean() ? Fault.Kind.CONNECTOR_CLOCK : Fault.Kind.DATABASE_CLOCK;
    while (faults.size() < count) {
      Fault.Kind kind =
          random.nextInt(4) == 0
              ? Fault.Kind.REPLICA_KILL
              : kinds.get(random.nextInt(kinds.size()));
      long at = FIRST_FAULT_MS + (long) (random.nextDouble() * (lastMs - FIRST_FAULT_MS - 30_000));
      long length = Math.min(lastMs - at, lengthOf(kind, random));
      Fault last = faults.isEmpty() ? null : faults.get(faults.size() - 1);
      if (last != null && last.kind() == Fault.Kind.CONNECTOR_FREEZE_IN_COPY) {
        // Trouble seldom comes alone.
        kind = Fault.Kind.REPLICA_KILL;
        at = last.atMs() + 1_000 + random.nextInt(8_000);
        length = Math.min(lastMs - at, last.forMs());
      } else if (kind == Fault.Kind.REPLICA_KILL && last != null && random.nextInt(2) == 0) {
        at = last.atMs() + random.nextInt(8_000);
      }
      int target =
          kind.isOfReplica()
              ? random.nextInt(3) > 0 ? Fault.LEADER : random.nextInt(replicas)
              : random.nextInt(connectors);
      long size = sizeOf(kind, random);
      faults.add(new Fault(kind, at, length, target, kind == tame ? size % 100_000 : size));
    }
    return faults;
  }

  /**
   * In every other world somebody steers: with a named replica, two times in three not by force.
   */
  private static List<Fault> orders(Random random, int minutes, int replicas) {
    List<Fault> orders = new ArrayList<>();
    int count = random.nextBoolean() ? (1 + random.nextInt(3)) * Math.max(1, minutes / 5) : 0;
    long lastMs = minutes * 60_000L - CALM_MS;
    for (int i = 0; i < count; i++) {
      Fault.Kind kind = Fault.Kind.ORDERS.get(random.nextInt(Fault.Kind.ORDERS.size()));
      long at = FIRST_FAULT_MS + (long) (random.nextDouble() * (lastMs - FIRST_FAULT_MS - 30_000));
      long length = Math.min(lastMs - at, 10_000 + random.nextInt(90_000));
      orders.add(new Fault(kind, at, length, random.nextInt(replicas), random.nextInt(1_000)));
    }
    return orders;
  }

  private static long lengthOf(Fault.Kind kind, Random random) {
    return switch (kind) {
      case DATABASE_LOSES_COMMITS -> 500 + random.nextInt(4_000);
      case DATABASE_SLOW, REPLICA_SLOW -> 5_000 + random.nextInt(30_000);
      case CONNECTOR_CRASH, CONNECTOR_CRASH_BEFORE_COMMIT, CONNECTOR_STOP ->
          6_000 + random.nextInt(14_000);
      case CONNECTOR_FREEZE_IN_COPY -> 50_000 + random.nextInt(50_000);
      case CONNECTOR_FREEZE, CONNECTOR_FREEZE_BEFORE_COMMIT -> 2_000 + random.nextInt(88_000);
      default -> 2_000 + random.nextInt(68_000);
    };
  }

  private static long sizeOf(Fault.Kind kind, Random random) {
    return switch (kind) {
      case CONNECTOR_CLOCK, DATABASE_CLOCK ->
          pick(random, -900_000, -30_000, -5_000, 5_000, 30_000, 900_000);
      case REPLICA_CLOCK -> pick(random, -30_000, -7_000, 7_000, 30_000);
      case REPLICA_FUTURE -> pick(random, 20_000, 120_000, 300_000);
      case DATABASE_LOSES_COMMITS -> 500 + random.nextInt(8_000);
      case DATABASE_SLOW -> pick(random, 200, 1_000, 3_000);
      case REPLICA_SLOW -> pick(random, 500, 2_000, 6_000);
      default -> random.nextInt(1_000);
    };
  }

  static long pick(Random random, long... of) {
    return of[random.nextInt(of.length)];
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(connectors).append(" connectors (").append(balancing).append(", ");
    text.append(writers).append(" writers), ").append(clusters).append(" clusters, ");
    text.append(replicas).append(" replicas with ").append(java.util.Arrays.toString(shards));
    text.append(" shards, step ").append(stepMs).append(" ms, flush ").append(flushMs);
    text.append(" ms, timeout ").append(timeoutMs == 0 ? "auto" : timeoutMs + " ms");
    for (int i = 0; i < faults.size(); i++) {
      text.append("\n  ").append(i).append(": ").append(faults.get(i));
    }
    return text.toString();
  }
}
