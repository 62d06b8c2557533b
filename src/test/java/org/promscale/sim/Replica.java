package org.promscale.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.promscale.ha.Lease;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.StaleMarker;

/**
 * A Prometheus: scrapes two groups of targets, evaluates a rule on a grid that all replicas share,
 * and hands each series' samples to its shard.
 */
final class Replica {

  /** The series that a rule makes: all replicas give it the same times. */
  static final int RULE = 0;

  /** The series with time stamps of its own. */
  static final int STAMPED = 2;

  private static final int AUTHOR_SHIFT = 40;

  /**
   * A sample that was answered with success.
   *
   * @param wallMs the earliest time that a connector may have taken it for then
   * @param company samples of its cluster in the same request, with itself
   */
  record Ack(int series, long timeMs, long ackedAtMs, long wallMs, int company) {}

  private final World world;
  private final int number;
  private final int shardCount;
  private final long phaseMs;
  private final List<ReplicaIdentity> identities = new ArrayList<>();
  private final long[] newestMs;
  private final boolean[] gone;
  private final List<Ack> acks = new ArrayList<>();
  private final List<Shard> shards = new ArrayList<>();
  private int life;
  private boolean alive;
  private boolean cutOff;
  private long slowNanos;
  private long offsetMs;
  private long futureMs;
  private int stuckShard = -1;
  private long values;
  private long heardAtNanos = Long.MIN_VALUE / 2;
  private long deadSinceNanos;
  private int dropped;

  Replica(World world, int number, long phaseMs) {
    this.world = world;
    this.number = number;
    this.shardCount = world.plan().shards()[number];
    this.phaseMs = phaseMs;
    for (int i = 0; i < world.plan().clusters(); i++) {
      identities.add(new ReplicaIdentity("cluster" + i, name()));
    }
    this.newestMs = new long[world.seriesCount()];
    this.gone = new boolean[world.seriesCount()];
    Arrays.fill(newestMs, Lease.NO_TIME);
  }

  String name() {
    return nameOf(number);
  }

  static String nameOf(int number) {
    return String.valueOf((char) ('A' + number));
  }

  /** Returns the name of a value's author. */
  static String authorOf(long valueBits) {
    return nameOf((int) (valueBits >> AUTHOR_SHIFT) - 1);
  }

  /** Starts, also again: with an empty queue, in the same phase. */
  void start() {
    if (alive) {
      return;
    }
    alive = true;
    life++;
    shards.clear();
    for (int i = 0; i < shardCount; i++) {
      shards.add(new Shard(world, this, i));
    }
    long step = world.plan().stepMs();
    for (int group = 0; group < 2; group++) {
      long offset = phaseMs + group * step / 2;
      scrape(group, untilNext(offset, step), life);
    }
    evaluate(untilNext(0, step), life);
    if (stuckShard >= 0) {
      stick(stuckShard, true);
    }
  }

  private long untilNext(long offsetMs, long stepMs) {
    return stepMs - Math.floorMod(world.simulation().nowMs() - offsetMs, stepMs);
  }

  private void scrape(int group, long inMs, int ofLife) {
    world
        .simulation()
        .after(
            inMs * Simulation.MS,
            () -> {
              if (alive && life == ofLife) {
                scrape(group);
                scrape(group, world.plan().stepMs(), ofLife);
              }
            });
  }

  private void scrape(int group) {
    long at = clockMs();
    for (int series = 1; series < newestMs.length; series++) {
      if ((series / 2) % 2 == group) {
        long stamp = series == STAMPED ? at + futureMs : at;
        sample(series, stamp);
      }
    }
    shards.forEach(Shard::wake);
  }

  private void evaluate(long inMs, int ofLife) {
    world
        .simulation()
        .after(
            inMs * Simulation.MS,
            () -> {
              if (alive && life == ofLife) {
                long step = world.plan().stepMs();
                sample(RULE, Math.floorDiv(clockMs(), step) * step);
                shards.get(shardOf(RULE)).wake();
                evaluate(step, ofLife);
              }
            });
  }

  /** Out of order is not taken, as in the head block; a target that is gone is marked once. */
  private void sample(int series, long timeMs) {
    if (timeMs <= newestMs[series]) {
      return;
    }
    boolean marked = gone[series];
    boolean away = world.isTargetGone(series);
    gone[series] = away;
    if (away && marked) {
      return;
    }
    newestMs[series] = timeMs;
    long bits = away ? StaleMarker.BITS : ((number + 1L) << AUTHOR_SHIFT) + values++;
    shards.get(shardOf(series)).add(series, timeMs, bits);
  }

  private int shardOf(int series) {
    return (series + number) % shardCount;
  }

  // Faults.

  void kill() {
    if (alive) {
      alive = false;
      deadSinceNanos = world.simulation().nowNanos();
      shards.forEach(Shard::die);
    }
  }

  void cutOff(boolean whether) {
    cutOff = whether;
    deadSinceNanos = world.simulation().nowNanos();
  }

  void slow(long nanos) {
    slowNanos = nanos;
  }

  void jump(long ms) {
    offsetMs += ms;
  }

  void stampAhead(long ms) {
    futureMs = ms;
  }

  void stick(int shard, boolean whether) {
    stuckShard = whether ? shard % shardCount : -1;
    shards.get(shard % shardCount).stick(whether);
  }

  /** Tells whether not all series of a cluster are in a shard that is stuck. */
  boolean canDeliver(int cluster) {
    for (int series = cluster; series < newestMs.length; series += world.plan().clusters()) {
      if (shardOf(series) != stuckShard) {
        return true;
      }
    }
    return false;
  }

  // What others see.

  int number() {
    return number;
  }

  List<ReplicaIdentity> identities() {
    return identities;
  }

  long clockMs() {
    return world.simulation().nowMs() + offsetMs;
  }

  boolean isAlive() {
    return alive;
  }

  boolean isCutOff() {
    return cutOff;
  }

  /** Tells whether nothing of it can arrive. */
  boolean isSilent() {
    return !alive || cutOff;
  }

  long deadSinceNanos() {
    return deadSinceNanos;
  }

  long slowNanos() {
    return slowNanos;
  }

  /** An answer came, whatever it was. */
  void heard() {
    heardAtNanos = world.simulation().nowNanos();
  }

  boolean wasHeardWithin(long nanos) {
    return world.simulation().nowNanos() - heardAtNanos <= nanos;
  }

  void acknowledged(WriteRequest request) {
    long now = world.simulation().nowMs();
    int clusters = world.plan().clusters();
    int[] company = new int[clusters];
    for (int i = 0; i < request.size(); i++) {
      company[request.series(i) % clusters]++;
    }
    long wallMs = Math.min(now, world.earliestClockMs());
    for (int i = 0; i < request.size(); i++) {
      int series = request.series(i);
      acks.add(new Ack(series, request.timeMs(i), now, wallMs, company[series % clusters]));
    }
  }

  List<Ack> acks() {
    return acks;
  }

  /** A request was answered with a 4xx and given up. */
  void dropped(WriteRequest request) {
    dropped += request.size();
  }

  int dropped() {
    return dropped;
  }
}
