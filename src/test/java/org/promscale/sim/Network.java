package org.promscale.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** The way from senders to connectors: a load balancer, latency, copies of what was sent. */
final class Network {

  private static final long CHECK_NANOS = 2 * Simulation.SECOND;
  private static final int FAILED_CHECKS = 2;
  private static final double COPIED = 0.3;

  private final World world;
  private final Random random;
  private final int[] failedChecks;
  private int turn;
  private boolean copying;

  Network(World world, Random random) {
    this.world = world;
    this.random = random;
    this.failedChecks = new int[world.plan().connectors()];
    world.simulation().every(CHECK_NANOS, CHECK_NANOS, this::check);
  }

  private void check() {
    for (int i = 0; i < failedChecks.length; i++) {
      failedChecks[i] = world.connector(i).isHealthy() ? 0 : failedChecks[i] + 1;
    }
  }

  /** Delivers some requests twice, the second time late and anywhere. */
  void copy(boolean whether) {
    copying = whether;
  }

  private long latency(Replica replica) {
    long slow = replica.slowNanos();
    return 200_000
        + random.nextInt(2_000_000)
        + (slow == 0 ? 0 : (long) (slow * random.nextDouble()));
  }

  void send(Shard shard, WriteRequest request, IntConsumer reply) {
    Replica replica = shard.replica();
    if (replica.isCutOff()) {
      if (random.nextBoolean()) {
        world.simulation().after(Simulation.MS, () -> reply.accept(Connector.RESET));
      }
      return;
    }
    Connector connector = choose(shard);
    if (connector == null) {
      world.simulation().after(Simulation.MS, () -> reply.accept(Connector.UNAVAILABLE));
      return;
    }
    deliver(replica, connector, request, reply);
    if (copying && random.nextDouble() < COPIED) {
      int to = random.nextInt(failedChecks.length);
      world
          .simulation()
          .after(
              (long) (random.nextDouble() * 20 * Simulation.SECOND),
              () -> world.connector(to).receive(request, status -> {}));
    }
  }

  private void deliver(
      Replica replica, Connector connector, WriteRequest request, IntConsumer reply) {
    world
        .simulation()
        .after(
            latency(replica),
            () ->
                connector.receive(
                    request,
                    status ->
                        world
                            .simulation()
                            .after(
                                latency(replica),
                                () -> {
                                  if (!replica.isCutOff()) {
                                    reply.accept(status);
                                  }
                                })));
  }

  private @Nullable Connector choose(Shard shard) {
    List<Connector> up = new ArrayList<>(failedChecks.length);
    for (int i = 0; i < failedChecks.length; i++) {
      if (failedChecks[i] < FAILED_CHECKS) {
        up.add(world.connector(i));
      }
    }
    if (up.isEmpty()) {
      return null;
    }
    return switch (world.plan().balancing()) {
      case RANDOM -> up.get(random.nextInt(up.size()));
      case ROUND_ROBIN -> up.get(turn++ % up.size());
      case STICKY_PER_REPLICA -> up.get(shard.replica().number() % up.size());
      case STICKY_PER_SHARD -> {
        Connector kept = shard.connection;
        if (kept == null || kept != world.connector(kept.number())) {
          kept = up.get(random.nextInt(up.size()));
          shard.connection = kept;
        }
        yield kept;
      }
    };
  }
}
