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
  private static final double TOLERANCE = 0.02;
  private static final long SETTLE_MS = 20_000;
  private static final long CLAMP_MS = 5_000;
  private static final long CALM_MS = 60_000;

  /** With fewer samples before it nobody knows how far apart a series's samples are. */
  private static final int KNOWN_HABIT = 4;

  private final World world;
  private final long stepMs;
  private final List<String> violations = new ArrayList<>();
  private List<TwinHistory.Patch> patches = List.of();

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
    for (int series = cluster; series < world.seriesCount(); series += world.plan().clusters()) {
      if (series != Replica.STAMPED) {
        judgeAuthors(series, terms);
      }
    }
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

  private static int termAt(List<TwinHistory.Term> terms, long timeMs) {
    int i = 0;
    while (i < terms.size() - 1 && timeMs > terms.get(i).endMs()) {
      i++;
    }
    return i;
  }

  // I1.

  private void judgeAuthors(int series, List<TwinHistory.Term> terms) {
    NavigableMap<Long, Stored> stored = world.database().samples(WriteRequest.idOf(series));
    int size = stored.size();
    long[] times = new long[size];
    String[] authors = new String[size];
    boolean[] ahead = new boolean[size];
    int n = 0;
    for (Map.Entry<Long, Stored> entry : stored.entrySet()) {
      long bits = entry.getValue().valueBits();
      times[n] = entry.getKey();
      authors[n] =
          StaleMarker.is(bits)
              ? terms.get(termAt(terms, times[n])).leader()
              : Replica.authorOf(bits);
      ahead[n] = times[n] > entry.getValue().committedAtMs();
      n++;
    }
    int first = 0;
    while (first < size) {
      int term = termAt(terms, times[first]);
      int end = first + 1;
      while (end < size
          && authors[end].equals(authors[first])
          && termAt(terms, times[end]) == term) {
        end++;
      }
      if (!authors[first].equals(terms.get(term).leader())) {
        judgeRun(series, times, authors, ahead, first, end, terms.get(term));
      }
      first = end;
    }
  }

  private void judgeRun(
      int series,
      long[] times,
      String[] authors,
      boolean[] ahead,
      int first,
      int end,
      TwinHistory.Term term) {
    String problem = null;
    for (int i = first; i < end; i++) {
      long at = times[i];
      String author = authors[i];
      if (!ahead[i] && patches.stream().noneMatch(p -> p.allows(author, at))) {
        problem = author + "@" + at + " in no patch of " + author;
      }
      if (ahead[i]) {
        return;
      }
    }
    if (problem == null && first >= KNOWN_HABIT) {
      long before = times[first - 1];
      if (times[first] - before < steps(0.5)) {
        problem = "less than half a step after its neighbour";
      } else if (end < times.length && times[end] - before < steps(1.5) && !nearAhead(ahead, end)) {
        problem = "where no hole was";
      }
    }
    if (problem != null) {
      StringBuilder around = new StringBuilder();
      for (int i = Math.max(0, first - 3); i < Math.min(times.length, end + 3); i++) {
        around.append(' ').append(authors[i]).append('@').append(shown(times[i]));
      }
      add(
          "I1: %d of %s in %s of %s (%s .. %s): %s; series %d:%s"
              .formatted(
                  end - first,
                  authors[first],
                  "term " + term.number(),
                  term.leader(),
                  shown(term.startMs()),
                  shown(term.endMs()),
                  problem,
                  series,
                  around));
    }
  }

  private static boolean nearAhead(boolean[] ahead, int at) {
    return ahead[at] || (at > 0 && ahead[at - 1]);
  }

  private double steps(double number) {
    return (number - TOLERANCE) * stepMs;
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
    if (stored.containsKey(at) || world.database().wasLost(id, at)) {
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
          && !(at <= terms.get(terms.size() - 1).sealMs()
              && stored.headMap(at, false).size() <= KNOWN_HABIT)) {
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
