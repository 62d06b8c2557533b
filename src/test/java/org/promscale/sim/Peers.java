package org.promscale.sim;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.promscale.ingest.BatchRouter;
import org.promscale.model.Samples;
import org.promscale.model.WriteBatch;

/**
 * The published rules of others, as policies of one world each: who is stored is decided per
 * request, what is not is acknowledged and forgotten. Their shared store answers at once.
 */
final class Peers {

  private static final long UPDATE_MS = 15_000;
  private static final int JITTER_MS = 5_000;
  private static final long FAILOVER_MS = 30_000;

  private Peers() {}

  /** Decides for one connector whether a request is stored. */
  @FunctionalInterface
  private interface Rule {
    boolean accepts(String replica, WriteBatch batch, long nowMs);
  }

  private static Policy.Elector elector(
      Connector connector, World world, Rule rule, Runnable everySecond) {
    BatchRouter router =
        (batch, rejections, bytes, body) -> {
          String replica = batch.identities().get(0).replica();
          boolean accepted = rule.accepts(replica, batch, world.simulation().nowMs());
          return accepted && batch.samples().size() > 0
              ? connector.storing().store(batch, List.of(), List.of(), bytes)
              : CompletableFuture.completedStage(null);
        };
    return new Policy.Elector() {
      @Override
      public BatchRouter router() {
        return router;
      }

      @Override
      public void look() {
        everySecond.run();
      }
    };
  }

  /** What Cortex and Mimir keep of a cluster. */
  private static final class Elected {
    private String replica = "";
    private long receivedMs;
  }

  /** Cortex: a request that finds the record old renews it or takes over. */
  static Policy cortex(long seed) {
    Elected elected = new Elected();
    Random random = new Random(seed);
    return (connector, world) -> {
      long update = UPDATE_MS + random.nextInt(2 * JITTER_MS) - JITTER_MS;
      return elector(
          connector,
          world,
          (replica, batch, now) -> {
            long age = now - elected.receivedMs;
            boolean mine = elected.replica.equals(replica);
            if (!elected.replica.isEmpty() && age < update) {
              return mine;
            }
            if (!elected.replica.isEmpty() && !mine && age < FAILOVER_MS) {
              return false;
            }
            elected.replica = replica;
            elected.receivedMs = now;
            return true;
          },
          () -> {});
    };
  }

  /** Mimir: requests are only noted, a tick renews the record or takes over. */
  static Policy mimir(long seed) {
    Elected elected = new Elected();
    Random random = new Random(seed);
    return (connector, world) -> {
      Map<String, Long> seen = new HashMap<>();
      int phase = random.nextInt(15);
      int[] seconds = {0};
      return elector(
          connector,
          world,
          (replica, batch, now) -> {
            seen.put(replica, now);
            if (elected.replica.isEmpty()) {
              elected.replica = replica;
              elected.receivedMs = now;
            }
            return elected.replica.equals(replica);
          },
          () -> {
            if (seconds[0]++ % 15 == phase) {
              tick(elected, seen, world, random);
            }
          });
    };
  }

  private static void tick(Elected elected, Map<String, Long> seen, World world, Random random) {
    long now = world.simulation().nowMs();
    long window = UPDATE_MS + random.nextInt(2 * JITTER_MS) - JITTER_MS;
    if (now - elected.receivedMs <= window) {
      return;
    }
    long own = seen.getOrDefault(elected.replica, 0L);
    if (now - own <= window) {
      elected.receivedMs = Math.max(elected.receivedMs, own);
      return;
    }
    String other = "";
    long latest = 0;
    for (Replica replica : world.replicas()) {
      long at = seen.getOrDefault(replica.name(), 0L);
      if (!replica.name().equals(elected.replica) && at > latest) {
        other = replica.name();
        latest = at;
      }
    }
    if (!other.isEmpty() && now - elected.receivedMs >= FAILOVER_MS) {
      elected.replica = other;
      elected.receivedMs = latest;
    }
  }

  /** Promscale's lease: a range of data time. */
  private static final class Range {
    private static final long TIMEOUT_MS = 60_000;
    private static final long REFRESH_MS = 10_000;
    private static final long UNSEEN_MS = 30_000;

    private String leader = "";
    private long startMs;
    private long untilMs;

    boolean accepts(String replica, WriteBatch batch, long nowMs, Map<String, long[]> seen) {
      Samples samples = batch.samples();
      long newest = Long.MIN_VALUE;
      for (int i = 0; i < samples.size(); i++) {
        newest = Math.max(newest, samples.timestampMs(i));
      }
      long[] mine = seen.computeIfAbsent(replica, name -> new long[2]);
      mine[0] = nowMs;
      mine[1] = Math.max(mine[1], newest);
      if (leader.isEmpty()) {
        leader = replica;
        startMs = Long.MIN_VALUE;
        untilMs = newest + TIMEOUT_MS;
      } else if (leader.equals(replica)) {
        if (newest + TIMEOUT_MS - untilMs > REFRESH_MS) {
          untilMs = newest + TIMEOUT_MS;
        }
      } else if (newest >= untilMs
          && nowMs - seen.computeIfAbsent(leader, name -> new long[2])[0] > UNSEEN_MS) {
        leader = replica;
        startMs = untilMs;
        untilMs = newest + TIMEOUT_MS;
      }
      if (!leader.equals(replica)) {
        return false;
      }
      batch.samples().retain(i -> samples.timestampMs(i) >= startMs);
      return true;
    }
  }

  /** Promscale: who leads is stored from the end of the old range on. */
  static Policy promscale() {
    Range range = new Range();
    return (connector, world) -> {
      Map<String, long[]> seen = new HashMap<>();
      return elector(
          connector,
          world,
          (replica, batch, now) -> range.accepts(replica, batch, now, seen),
          () -> {});
    };
  }
}
