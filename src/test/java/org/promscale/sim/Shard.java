package org.promscale.sim;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * One shard of a sender's queue: one request in flight, the same bytes again after a 5xx, a broken
 * connection or no answer for 30 s, with pauses of 30 ms doubling to 5 s; a 4xx is given up.
 */
final class Shard {

  private static final long FIRST_PAUSE = 30 * Simulation.MS;
  private static final long LONGEST_PAUSE = 5 * Simulation.SECOND;
  private static final long PATIENCE = 30 * Simulation.SECOND;
  private static final int MOST_SAMPLES = 60;

  private record Sample(int series, long timeMs, long bits) {}

  private final World world;
  private final Replica replica;
  private final int number;
  private final ArrayDeque<Sample> queue = new ArrayDeque<>();
  private @Nullable WriteRequest inFlight;
  private int attempt;
  private long pause = FIRST_PAUSE;
  private boolean flushPlanned;
  private boolean stuck;
  private boolean parked;
  private boolean dead;

  /** Where its connection leads; the load balancer's business. */
  @Nullable Connector connection;

  Shard(World world, Replica replica, int number) {
    this.world = world;
    this.replica = replica;
    this.number = number;
  }

  Replica replica() {
    return replica;
  }

  int number() {
    return number;
  }

  void add(int series, long timeMs, long bits) {
    queue.add(new Sample(series, timeMs, bits));
  }

  /** Something was added. */
  void wake() {
    if (dead || inFlight != null || queue.isEmpty()) {
      return;
    }
    if (queue.size() >= MOST_SAMPLES) {
      send();
    } else if (!flushPlanned) {
      flushPlanned = true;
      world
          .simulation()
          .after(
              world.plan().flushMs() * Simulation.MS,
              () -> {
                flushPlanned = false;
                if (!dead && inFlight == null && !queue.isEmpty()) {
                  send();
                }
              });
    }
  }

  private void send() {
    int size = Math.min(MOST_SAMPLES, queue.size());
    int[] series = new int[size];
    long[] times = new long[size];
    long[] bits = new long[size];
    for (int i = 0; i < size; i++) {
      Sample sample = queue.remove();
      series[i] = sample.series();
      times[i] = sample.timeMs();
      bits[i] = sample.bits();
    }
    inFlight = new WriteRequest(replica.identities(), series, times, bits);
    pause = FIRST_PAUSE;
    attempt();
  }

  private void attempt() {
    WriteRequest request = inFlight;
    if (dead || request == null) {
      return;
    }
    if (stuck) {
      parked = true;
      return;
    }
    int mine = ++attempt;
    world.network().send(this, request, status -> answered(mine, status));
    world.simulation().after(PATIENCE, () -> answered(mine, Connector.RESET));
  }

  private void answered(int ofAttempt, int status) {
    WriteRequest request = inFlight;
    if (dead || request == null || ofAttempt != attempt) {
      return;
    }
    attempt++;
    if (status == Connector.RESET) {
      connection = null;
    } else {
      replica.heard();
    }
    if (status == Connector.NO_CONTENT) {
      replica.acknowledged(request);
      next();
    } else if (status == Connector.BAD_REQUEST) {
      replica.dropped(request);
      next();
    } else {
      world.simulation().after(pause, this::attempt);
      pause = Math.min(LONGEST_PAUSE, 2 * pause);
    }
  }

  private void next() {
    inFlight = null;
    if (queue.size() >= MOST_SAMPLES) {
      send();
    } else {
      wake();
    }
  }

  void die() {
    dead = true;
    queue.clear();
    inFlight = null;
  }

  void stick(boolean whether) {
    stuck = whether;
    if (!stuck && parked) {
      parked = false;
      attempt();
    }
  }
}
