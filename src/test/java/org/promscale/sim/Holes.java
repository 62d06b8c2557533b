package org.promscale.sim;

import java.util.HashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.Lease;
import org.promscale.ha.Settlement;
import org.promscale.ha.Settling;
import org.promscale.ingest.HeldShelf;
import org.promscale.model.StaleMarker;
import org.promscale.storage.TwinDatabase.Stored;

/**
 * Judges by I2 the whole of what is stored: where two neighbours of a series are two scrape
 * intervals apart or more, nobody may have been told that a sample is safe that fits between them.
 *
 * <p>Left out is what the design leaves out, and nothing else:
 *
 * <ul>
 *   <li>what was held by a connector that was killed, or that stopped while the database was away;
 *       what was committed by a database that lost it, on the shelf or stored;
 *   <li>what is held still: {@link HoldWatch} judges for how long;
 *   <li>a series of which no more than {@link #YOUNG} samples were stored when this one could first
 *       be compared: nobody knew yet how often it comes;
 *   <li>a series after its stale marker: its author says that it ended;
 *   <li>a sample less than a scrape interval after the leader's last, if the leader's next is not
 *       stored when it may first be compared: for all that is known it is about to scrape;
 *   <li>requests of more samples than are probed, {@link #PROBED}: a hole of few of their series
 *       may be missed;
 *   <li>samples that were stamped ahead of their time, and the series that is, where one is.
 * </ul>
 */
final class Holes {

  /** With fewer before it, a sample beside a leader that goes on is left alone. */
  static final int YOUNG = 8;

  /** Samples of a request that are looked for. */
  static final int PROBED = 16;

  /** Of what is stamped further ahead the leader's own is not waited for. */
  private static final long CLAMP_MS = 5_000;

  private static final double TOLERANCE = 0.02;

  private record Held(String replica, int series, long timeMs) {}

  private final World world;
  private final long stepMs;
  private final Consumer<String> add;
  private final Set<Held> held = new HashSet<>();
  private final boolean stampedAhead;

  Holes(World world, Consumer<String> add) {
    this.world = world;
    this.stepMs = world.plan().stepMs();
    this.add = add;
    for (Connector connector : world.connectors()) {
      for (HeldRequest request : connector.held()) {
        note(request.replica(), request.body());
      }
    }
    for (HeldShelf.Shelved shelved : world.database().shelved()) {
      note(shelved.sender().replica(), shelved.body());
    }
    this.stampedAhead =
        world.faults().hits().stream()
            .anyMatch(hit -> hit.fault().kind() == Fault.Kind.REPLICA_FUTURE);
  }

  private void note(String replica, byte[] body) {
    WriteRequest request = world.bodies().request(body);
    for (int i = 0; i < request.size(); i++) {
      held.add(new Held(replica, request.series(i), request.timeMs(i)));
    }
  }

  /** Judges all samples of a cluster that were answered with success. */
  void judge(int cluster) {
    ClusterState state = world.history(cluster).state();
    long settledMs = state == null ? Lease.NO_TIME : Settlement.settledMs(state);
    for (Replica replica : world.replicas()) {
      for (Replica.Ack ack : replica.acks()) {
        if (ack.series() % world.plan().clusters() == cluster) {
          judge(replica, ack, settledMs);
        }
      }
    }
  }

  private void judge(Replica replica, Replica.Ack ack, long settledMs) {
    long at = ack.timeMs();
    long id = WriteRequest.idOf(ack.series());
    NavigableMap<Long, Stored> stored = world.database().samples(id);
    Map.Entry<Long, Stored> before = stored.floorEntry(at);
    Long after = stored.higherKey(at);
    if (before == null || 2 * (at - before.getKey()) < stepMs) {
      return;
    }
    boolean hole =
        after == null
            ? at + stepMs < settledMs && at - before.getKey() >= steps(1)
            : 2 * (after - at) >= stepMs && after - before.getKey() >= steps(2);
    if (!hole
        || StaleMarker.is(before.getValue().valueBits())
        || (stampedAhead && ack.series() == Replica.STAMPED)
        || ack.company() > PROBED
        || at > ack.wallMs() + CLAMP_MS
        || hadEnded(stored, at, comparedMs(ack))
        || wasYoung(stored, at, comparedMs(ack))
        || isOpenEnd(before.getKey(), ack, after == null ? null : stored.get(after))
        || held.contains(new Held(replica.name(), ack.series(), at))
        || world.bodies().wasLost(replica.name(), ack.series(), at)
        || lostNear(id, at)) {
      return;
    }
    add.accept(
        "I2: %s was told that %s is safe, but nothing is stored of series %d from %s to %s"
            .formatted(
                replica.name(),
                Evidence.shown(at),
                ack.series(),
                Evidence.shown(before.getKey()),
                after == null ? "the end" : Evidence.shown(after)));
  }

  /**
   * Tells whether too little of a series was stored before a sample, at a true time, to know how
   * often it comes: what was stored later, of an earlier hole, was not there to be compared with.
   */
  static boolean wasYoung(NavigableMap<Long, Stored> stored, long timeMs, long trueMs) {
    return stored.headMap(timeMs).values().stream()
            .filter(row -> row.trueMs() <= trueMs)
            .limit(YOUNG + 1L)
            .count()
        <= YOUNG;
  }

  /**
   * Tells whether the last of a series that was stored before a sample, at a true time, was a stale
   * marker. Its leader saw the series end; if that dies before it stores what follows, what
   * standbys have of it is let go.
   */
  private static boolean hadEnded(NavigableMap<Long, Stored> stored, long timeMs, long trueMs) {
    for (Stored row : stored.headMap(timeMs, false).descendingMap().values()) {
      if (row.trueMs() <= trueMs) {
        return StaleMarker.is(row.valueBits());
      }
    }
    return false;
  }

  private boolean isOpenEnd(long before, Replica.Ack ack, @Nullable Stored next) {
    return ack.timeMs() - before < stepMs && (next == null || next.trueMs() > comparedMs(ack));
  }

  /**
   * Returns the true time at which a sample may first be compared. What comes late, of a sender
   * whose clock is behind for instance, is due when it comes and is not held for a settle time.
   */
  private static long comparedMs(Replica.Ack ack) {
    return Math.max(ack.ackedAtMs(), ack.timeMs() + Settling.LEAST_MS);
  }

  private boolean lostNear(long id, long at) {
    for (long t = at - stepMs; t <= at + stepMs; t++) {
      if (world.database().wasLost(id, t)) {
        return true;
      }
    }
    return false;
  }

  private double steps(double number) {
    return (number - TOLERANCE) * stepMs;
  }
}
