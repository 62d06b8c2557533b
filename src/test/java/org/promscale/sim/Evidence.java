package org.promscale.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.Lease;
import org.promscale.model.StaleMarker;
import org.promscale.storage.TwinDatabase.Stored;
import org.promscale.storage.TwinHistory;

/** Judges a world after its end: what is stored against what its senders were told. */
final class Evidence {

  private static final int SHOWN = 6;
  private static final long SETTLE_MS = 20_000;
  private static final long CLAMP_MS = 5_000;
  private static final long CALM_MS = 60_000;

  private final World world;
  private final long stepMs;
  private final List<String> violations = new ArrayList<>();
  private List<TwinHistory.Patch> patches = List.of();
  private boolean hasLostTerm;

  Evidence(World world) {
    this.world = world;
    this.stepMs = world.plan().stepMs();
  }

  List<String> violations() {
    for (Replica replica : world.replicas()) {
      if (replica.dropped() > 0) {
        add("I4: " + replica.name() + " was told to drop " + replica.dropped() + " samples");
      }
    }
    for (int cluster = 0; cluster < world.plan().clusters(); cluster++) {
      judge(cluster);
    }
    return violations;
  }

  private void add(String violation) {
    if (violations.size() < SHOWN) {
      violations.add(violation);
    }
  }

  private void judge(int cluster) {
    TwinHistory history = world.history(cluster);
    List<TwinHistory.Term> terms = history.terms();
    if (terms.isEmpty()) {
      add("I5: nobody leads cluster " + cluster);
      return;
    }
    judgeEnd(cluster, history);
    judgeTerms(terms);
    if (!violations.isEmpty()) {
      return;
    }
    patches = history.patches();
    hasLostTerm = history.hasLostTerm();
    for (int series = cluster; series < world.seriesCount(); series += world.plan().clusters()) {
      if (series != Replica.STAMPED) {
        new Authors(world, patches, this::add).judge(series, terms);
      }
    }
    new Holes(world, this::add).judge(cluster);
    long[] frontiers = new long[terms.size()];
    for (int i = 1; i < terms.size(); i++) {
      frontiers[i] = frontierAt(cluster, terms, i);
    }
    for (Replica replica : world.replicas()) {
      for (Replica.Ack ack : replica.acks()) {
        if (ack.series() % world.plan().clusters() == cluster) {
          judgeAck(replica, ack, terms, frontiers);
        }
      }
    }
  }

  /** The last minute and more was calm: whoever is well and leads is stored. */
  private void judgeEnd(int cluster, TwinHistory history) {
    for (Faults.Hit hit : world.faults().hits()) {
      if (hit.fault().endMs() > world.simulation().nowNanos() / Simulation.MS - CALM_MS) {
        return; // it came late
      }
    }
    long behind = world.databaseClockMs() - history.frontierMs();
    for (Replica replica : world.replicas()) {
      if (replica.name().equals(history.leader())
          && !replica.isSilent()
          && behind > Math.max(CALM_MS, 3 * stepMs)
          && world.plan().clusters() == 1) {
        add(
            "I5: in cluster %d %s leads, but is stored until %s only"
                .formatted(cluster, replica.name(), shown(history.frontierMs())));
      }
    }
  }

  private void judgeTerms(List<TwinHistory.Term> terms) {
    long boundary = Lease.NO_TIME;
    for (int i = 0; i < terms.size(); i++) {
      TwinHistory.Term term = terms.get(i);
      boolean last = i == terms.size() - 1;
      if (term.number() != i + 1
          || term.startMs() != boundary
          || term.endMs() < boundary
          || last != (term.endMs() == Long.MAX_VALUE)) {
        add("terms do not partition time: " + terms);
        return;
      }
      boundary = term.endMs();
    }
  }

  static int termAt(List<TwinHistory.Term> terms, long timeMs) {
    int i = 0;
    while (i < terms.size() - 1 && timeMs > terms.get(i).endMs()) {
      i++;
    }
    return i;
  }

  static String shown(long timeMs) {
    return timeMs == Lease.NO_TIME
        ? "-inf"
        : timeMs == Long.MAX_VALUE ? "now" : "%.3f".formatted((timeMs - Simulation.EPOCH_MS) / 1e3);
  }

  // I2 at takeovers, I3.

  /** Returns how far the old leader's data was really stored when this term began. */
  private long frontierAt(int cluster, List<TwinHistory.Term> terms, int term) {
    TwinHistory.Term old = terms.get(term - 1);
    long decidedAt = terms.get(term).decidedAtMs();
    long frontier = old.startMs();
    for (int series = cluster; series < world.seriesCount(); series += world.plan().clusters()) {
      for (Map.Entry<Long, Stored> entry :
          world.database().samples(WriteRequest.idOf(series)).entrySet()) {
        long bits = entry.getValue().valueBits();
        long committedAt = entry.getValue().committedAtMs();
        if (entry.getValue().trueMs() <= decidedAt
            && (StaleMarker.is(bits) || Replica.authorOf(bits).equals(old.leader()))) {
          frontier = Math.max(frontier, Math.min(entry.getKey(), committedAt + CLAMP_MS));
        }
      }
    }
    return frontier;
  }

  private void judgeAck(
      Replica replica, Replica.Ack ack, List<TwinHistory.Term> terms, long[] frontiers) {
    long id = WriteRequest.idOf(ack.series());
    long at = ack.timeMs();
    NavigableMap<Long, Stored> stored = world.database().samples(id);
    if (stored.containsKey(at)
        || world.database().wasLost(id, at)
        || world.bodies().wasLost(replica.name(), ack.series(), at)
        || wasAheadOfItsTime(replica, ack, terms)
        || waits(replica, ack)) {
      return;
    }
    int term = termAt(terms, at);
    Long before = stored.floorKey(at);
    Long after = stored.ceilingKey(at);
    if (terms.get(term).leader().equals(replica.name())) {
      boolean irregular =
          (ack.series() == Replica.STAMPED || 4 * nearest(before, at, after) < 3 * stepMs)
              && at <= terms.get(term).sealMs();
      if (!cameLate(stored, before, at, after, replica.name())
          && !lostNear(id, at)
          && !irregular
          && !wasCrowded(ack, terms.get(term), nearest(before, at, after), terms)
          && !(at <= closedUntil(terms) && Holes.wasYoung(stored, at, ack.ackedAtMs()))
          && !wasLetGoOfAnother(ack, terms.get(term))
          && !hasJustBegun(ack, terms.get(term))) {
        add(
            "I3: %s leads term %d and was told that %s is stored; series %d, around it %s and %s"
                .formatted(
                    replica.name(), term + 1, shown(at), ack.series(), show(before), show(after)));
      }
      return;
    }
    // Of somebody who led next, and beyond what the old leader had stored.
    if (ack.series() != Replica.STAMPED
        && term + 1 < terms.size()
        && terms.get(term + 1).leader().equals(replica.name())
        && at > frontiers[term + 1] - SETTLE_MS
        && (at > frontiers[term + 1]
            || ack.ackedAtMs() < closedAt(replica.name(), terms.get(term).endMs()))
        && nearest(before, at, after) > stepMs
        && closedAt(replica.name(), terms.get(term).endMs()) != Long.MAX_VALUE // it is at it
        && stored.headMap(at, false).size() > Holes.YOUNG
        && !wasLateAndLarge(ack, closedAt(replica.name(), terms.get(term).endMs()))
        && !lostNear(id, at)) {
      add(
          "I2: %s took over at %s and was told that %s is safe; series %d, around it %s and %s"
              .formatted(
                  replica.name(),
                  shown(frontiers[term + 1]),
                  shown(at),
                  ack.series(),
                  show(before),
                  show(after)));
    }
  }

  /** Still held; {@link HoldWatch} judges for how long. */
  private boolean waits(Replica replica, Replica.Ack ack) {
    return world.connectors().stream()
        .anyMatch(c -> c.holds(world.bodies(), replica.name(), ack.series(), ack.timeMs()));
  }

  /**
   * Whoever finds the seam's patch closed is an ordinary late sender, and of a request with more
   * samples than are probed a hole of few series may be missed. A connector that was frozen when
   * the patch was closed may have held this one.
   */
  private boolean wasLateAndLarge(Replica.Ack ack, long closedMs) {
    long atMs = closedMs - Simulation.EPOCH_MS;
    return ack.company() > Holes.PROBED
        && world.faults().hits().stream()
            .map(Faults.Hit::fault)
            .anyMatch(f -> f.kind().isFreeze() && f.atMs() <= atMs && atMs <= f.endMs());
  }

  /** Stamped ahead by somebody who did not lead: the leader's sample is waited for no longer. */
  private static boolean wasAheadOfItsTime(
      Replica replica, Replica.Ack ack, List<TwinHistory.Term> terms) {
    String leader = terms.get(0).leader();
    for (TwinHistory.Term term : terms) {
      if (term.decidedAtMs() <= ack.ackedAtMs()) {
        leader = term.leader();
      }
    }
    return ack.timeMs() > ack.wallMs() + CLAMP_MS && !leader.equals(replica.name());
  }

  /**
   * The leader's own sample, which lies less than half a step beside another one of it: its clock
   * was set back by a part of a step. Delivered late, when a patch or the next term had closed its
   * time already, it had to fit a hole like anything else; so had one that a frozen connector held
   * since before the term.
   */
  private boolean wasCrowded(
      Replica.Ack ack, TwinHistory.Term own, long distanceMs, List<TwinHistory.Term> terms) {
    boolean wasHeld = ack.ackedAtMs() < own.decidedAtMs();
    return 2 * distanceMs < stepMs
        && (patches.stream()
                .anyMatch(
                    p ->
                        (wasHeld || p.trueCloseMs() <= ack.ackedAtMs())
                            && ack.timeMs() <= p.endMs())
            || terms.stream()
                .anyMatch(t -> t.decidedAtMs() <= ack.ackedAtMs() && ack.timeMs() <= t.sealMs()));
  }

  /**
   * Of a standby then, and let go under a leader that later never was: the term itself, with
   * commits, was lost.
   */
  private boolean wasLetGoOfAnother(Replica.Ack ack, TwinHistory.Term term) {
    return ack.ackedAtMs() < term.decidedAtMs() && hasLostTerm;
  }

  /** Held as a standby's, and the world ended while connectors were storing what they held. */
  private boolean hasJustBegun(Replica.Ack ack, TwinHistory.Term term) {
    long endMs = world.simulation().nowMs();
    return ack.ackedAtMs() < term.decidedAtMs() && endMs - term.decidedAtMs() < SETTLE_MS;
  }

  /** Up to here samples only fill holes. */
  private long closedUntil(List<TwinHistory.Term> terms) {
    long until = terms.get(terms.size() - 1).sealMs();
    for (TwinHistory.Patch patch : patches) {
      until = Math.max(until, patch.endMs());
    }
    return until;
  }

  /** Whatever comes later than this is late, and nobody's hole to fill any more. */
  private long closedAt(String replica, long boundaryMs) {
    long closed = Lease.NO_TIME;
    for (TwinHistory.Patch patch : patches) {
      if (patch.replica().equals(replica) && patch.endMs() == boundaryMs) {
        closed = Math.max(closed, patch.trueCloseMs());
      }
    }
    return closed;
  }

  private boolean lostNear(long id, long at) {
    for (long t = at - stepMs; t <= at + stepMs; t++) {
      if (world.database().wasLost(id, t)) {
        return true;
      }
    }
    return false;
  }

  private static String show(@Nullable Long timeMs) {
    return timeMs == null ? "nothing" : shown(timeMs);
  }

  private static long nearest(@Nullable Long before, long at, @Nullable Long after) {
    return Math.min(
        before == null ? Long.MAX_VALUE : at - before, after == null ? Long.MAX_VALUE : after - at);
  }

  /** Somebody else had filled its place. */
  private boolean cameLate(
      NavigableMap<Long, Stored> stored,
      @Nullable Long before,
      long at,
      @Nullable Long after,
      String name) {
    if (before == null && after == null) {
      return false;
    }
    boolean noHole = before != null && after != null && after - before <= 1.5 * stepMs;
    if (!noHole && 2 * nearest(before, at, after) >= stepMs) {
      return false;
    }
    return isForeign(stored, before, name) || isForeign(stored, after, name);
  }

  private static boolean isForeign(
      NavigableMap<Long, Stored> stored, @Nullable Long timeMs, String name) {
    Stored row = timeMs == null ? null : stored.get(timeMs);
    return row != null
        && (StaleMarker.is(row.valueBits()) || !Replica.authorOf(row.valueBits()).equals(name));
  }
}
