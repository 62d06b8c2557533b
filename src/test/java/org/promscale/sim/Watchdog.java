package org.promscale.sim;

import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.promscale.ha.ClusterState;
import org.promscale.ha.Lease;
import org.promscale.ha.LeasePolicy;
import org.promscale.storage.TwinHistory;

/**
 * Looks once a second whether a silent leader is replaced in time, whether one that is replaced had
 * given cause, and whether samples from the future have moved a frontier (I7). One of these watches
 * one world.
 */
final class Watchdog {

  private static final long SLACK_SECONDS = 14;
  private static final long TROUBLE_MS = 40_000;

  private static final Set<String> ORDERED = Set.of("handed over", "pinned", "drained");

  /** How far a frontier may be ahead of wall time, and the time between two looks. */
  private static final long AHEAD_MS = 5_000 + 1_000;

  private static final class Watched {
    private long term;
    private long commits;
    private String leader = "";
    private long overdueSeconds;
    private long switches;
    private boolean ahead;
    private long runSinceMs = Lease.NO_TIME;
    private int firstOfRun; // patch
  }

  private final World world;
  private final LeasePolicy policy;
  private final Watched[] clusters;
  private long furthestClockMs;

  Watchdog(World world) {
    this.world = world;
    this.policy = new LeasePolicy(world.plan().timeoutMs());
    this.clusters = new Watched[world.plan().clusters()];
    for (int i = 0; i < clusters.length; i++) {
      clusters[i] = new Watched();
    }
  }

  void look() {
    // It may have been set back since a frontier was written.
    furthestClockMs = Math.max(furthestClockMs, world.databaseClockMs());
    for (int i = 0; i < clusters.length; i++) {
      look(clusters[i], i, world.history(i));
    }
  }

  private void judgeFrontier(Watched watched, TwinHistory now) {
    if (!watched.ahead && now.frontierMs() > furthestClockMs + AHEAD_MS) {
      watched.ahead = true;
      world.violated(
          "I7: the frontier of term %d is %.1f s ahead of the database's clock"
              .formatted(now.term(), (now.frontierMs() - furthestClockMs) / 1e3));
    }
  }

  private void look(Watched watched, int cluster, TwinHistory now) {
    long timeoutMs = now.timeoutMs(policy);
    if (now.term() == 0) {
      return;
    }
    judgeFrontier(watched, now);
    if (now.term() == watched.term + 1 && watched.term > 0) {
      watched.switches++;
      judgeSwitch(watched, cluster, now, timeoutMs);
    }
    boolean same = now.term() == watched.term && now.commits() == watched.commits;
    watched.term = now.term();
    watched.commits = now.commits();
    watched.leader = now.leader();
    watchRun(watched, now);
    if (!same) {
      watched.overdueSeconds = 0;
    } else if (now.leaderSeenAgoMs() >= timeoutMs && shouldFailOver(cluster, now)) {
      watched.overdueSeconds++;
      long factor = hasClockTrouble() ? 4 : 1;
      if (watched.overdueSeconds == factor * timeoutMs / 1_000 + SLACK_SECONDS) {
        world.violated(
            "failover: leader %s is gone, a standby delivers, but nobody took over for %d s of"
                    .formatted(now.leader(), watched.overdueSeconds)
                + " good time, timeout "
                + timeoutMs / 1_000
                + " s");
      }
    }
  }

  /** Notes with which patch those began that follow on each other: its start moves up, too. */
  private static void watchRun(Watched watched, TwinHistory now) {
    ClusterState state = now.state();
    if (state == null || state.patchRun().sinceMs() == watched.runSinceMs) {
      return;
    }
    watched.runSinceMs = state.patchRun().sinceMs();
    if (watched.runSinceMs == state.patchRun().lastMs()) {
      watched.firstOfRun = now.patches().size() - 1;
    }
  }

  private boolean hasClockTrouble() {
    return world.faults().hits().stream()
        .anyMatch(
            h ->
                h.fault().kind() == Fault.Kind.DATABASE_CLOCK
                    || h.fault().kind() == Fault.Kind.CONNECTOR_CLOCK);
  }

  private boolean shouldFailOver(int cluster, TwinHistory now) {
    if (!world.database().isUp() || world.isDatabaseSlow()) {
      return false;
    }
    boolean standby = false;
    for (Replica replica : world.replicas()) {
      if (replica.name().equals(now.leader())) {
        if (!replica.isSilent()) {
          return false;
        }
      } else if (!replica.isSilent()
          && replica.wasHeardWithin(8 * Simulation.SECOND)
          && replica.canDeliver(cluster)
          && replica.clockMs() > now.frontierMs()) {
        standby = true;
      }
    }
    if (!standby) {
      return false;
    }
    for (Connector connector : world.connectors()) {
      if (connector.hasLookedFor(5 * Simulation.SECOND)) {
        return true;
      }
    }
    return false;
  }

  /** A switch is false unless something kept the leader from committing. */
  private void judgeSwitch(Watched watched, int cluster, TwinHistory now, long timeoutMs) {
    if (ORDERED.contains(now.cause()) || mayBePushedBack(watched.leader, cluster)) {
      return;
    }
    long nowMs = world.simulation().nowNanos() / Simulation.MS;
    for (Faults.Hit hit : world.faults().hits()) {
      long lastMs = hit.fault().endMs() + lasting(hit) + timeoutMs + TROUBLE_MS;
      boolean recent = nowMs - frozenMs(nowMs) <= lastMs;
      if ((recent || isPatchedLast(hit, now)) && silences(hit, watched.leader, now)) {
        return;
      }
    }
    if (isProlonged(watched, cluster, now)) {
      return;
    }
    world.violated(
        "false switch: %s gave way to %s, but nothing was wrong with it"
            .formatted(watched.leader, now.leader()));
  }

  /**
   * A server that leads one cluster waits behind a request with nothing but what it has of another
   * one, while the hold is full: with all its shards or with some, then it lags.
   */
  private boolean mayBePushedBack(String leader, int cluster) {
    return world.plan().holdBytes() < 1 << 20
        && IntStream.range(0, clusters.length)
            .anyMatch(other -> other != cluster && !world.history(other).leader().equals(leader));
  }

  private boolean silences(Faults.Hit hit, String leader, TwinHistory now) {
    return switch (hit.fault().kind()) {
      // Of a series that is ahead nothing is taken until its time has come: those are holes.
      case REPLICA_FUTURE -> isLeader(hit, leader) && now.cause().equals("lagging");
      case DUPLICATES,
          TARGET_GONE,
          ORDER_HAND_OVER,
          ORDER_PIN,
          ORDER_DRAIN,
          DATABASE_STOP,
          DATABASE_CLOCK,
          DATABASE_LOSES_COMMITS,
          DATABASE_SLOW ->
          false;
      // A connector alone with a wrong clock takes nothing of those whose connections lead to it.
      case CONNECTOR_CLOCK ->
          world.plan().connectors() > 1 && Math.abs(hit.fault().size()) > Connector.TOLERANCE_MS;
      default ->
          hit.fault().kind().isOfReplica()
              ? isLeader(hit, leader)
              : world.plan().connectors() > 1 || hit.fault().kind() != Fault.Kind.CONNECTOR_FREEZE;
    };
  }

  /**
   * A leader that is lagging may have recovered: its holes are filled a settle time later, which is
   * long after trouble, and by one replica after the other. It gives way for holes of a fault that
   * lasted into the very stretch that was patched last in its term.
   */
  private static boolean isPatchedLast(Faults.Hit hit, TwinHistory now) {
    List<TwinHistory.Patch> patches = now.patches(); // the new leader's own is the last one
    if (!now.cause().equals("lagging") || patches.size() < 2) {
      return false;
    }
    return isPatchedIn(patches.get(patches.size() - 2), hit);
  }

  private static boolean isPatchedIn(TwinHistory.Patch patch, Faults.Hit hit) {
    return hit.fault().atMs() <= patch.endMs() - Simulation.EPOCH_MS
        && patch.startMs() - Simulation.EPOCH_MS <= hit.fault().endMs() + lasting(hit);
  }

  /**
   * Commits that the database lost are holes too, and patches do not tell whose fault holes are.
   * They are over in seconds, so they alone are no excuse. But where patches of a fault of the
   * leader have not ended yet, those of what was lost may prolong them to four timeouts.
   */
  private boolean isProlonged(Watched watched, int cluster, TwinHistory now) {
    List<TwinHistory.Patch> patches = now.patches();
    int last = patches.size() - 2; // the new leader's own is the last one
    if (!now.cause().equals("lagging") || watched.firstOfRun >= last) {
      return false;
    }
    List<TwinHistory.Patch> before = patches.subList(Math.max(0, watched.firstOfRun), last);
    return wasLostIn(patches.get(last), cluster)
        && world.faults().hits().stream()
            .filter(hit -> silences(hit, watched.leader, now))
            .anyMatch(hit -> before.stream().anyMatch(patch -> isPatchedIn(patch, hit)));
  }

  /** Tells whether a patch lies beside samples that were lost, less than a step away. */
  private boolean wasLostIn(TwinHistory.Patch patch, int cluster) {
    long stepMs = world.plan().stepMs();
    for (int series = cluster; series < world.seriesCount(); series += clusters.length) {
      long id = WriteRequest.idOf(series);
      for (long t = patch.startMs() + 1; t < patch.endMs() + stepMs; t++) {
        if (world.database().wasLost(id, t)) {
          return true;
        }
      }
    }
    return false;
  }

  /** Holes of a leader that stamps its samples ahead go on until the last stamp has passed. */
  private static long lasting(Faults.Hit hit) {
    return hit.fault().kind() == Fault.Kind.REPLICA_FUTURE ? hit.fault().size() : 0;
  }

  /** How long the only connector has been frozen: nobody counts silence meanwhile. */
  private long frozenMs(long nowMs) {
    return world.connectors().size() > 1
        ? 0
        : world.faults().hits().stream()
            .map(Faults.Hit::fault)
            .filter(fault -> fault.kind().isFreeze() && fault.endMs() <= nowMs)
            .mapToLong(Fault::forMs)
            .sum();
  }

  private static boolean isLeader(Faults.Hit hit, String leader) {
    return Replica.nameOf(hit.target()).equals(leader);
  }

  /** Returns the number of changes of leader. */
  long switches() {
    long all = 0;
    for (Watched watched : clusters) {
      all += watched.switches;
    }
    return all;
  }
}
