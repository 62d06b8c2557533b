package org.promscale.ingest;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.Cadence;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LagWindow;
import org.promscale.ha.Lease;
import org.promscale.ha.Sighting;
import org.promscale.ha.Silence;

/**
 * What this connector knows of one cluster: the state it read last, the replicas it saw itself, and
 * its own watch over the leader. Thread-safe; the watch belongs to the thread that looks.
 */
final class WatchedCluster {

  /** A replica's notes are written at most this often. */
  private static final long NOTE_EVERY_MS = 5_000;

  /** A replica that was not seen for this long is forgotten here. */
  private static final long FORGET_MS = 600_000;

  /** Names beyond these are not followed, however many a sender makes up. */
  private static final int MOST_REPLICAS = 64;

  private record Seen(long lastSeenMs, long newestMs, long notedMs) {}

  private volatile ClusterState state;
  private volatile long readAtNanos;
  private long ticket;

  private final Map<String, Seen> seen = new HashMap<>();
  private final LagWindow lags = new LagWindow();

  // Of the looking thread.
  private final Cadence cadence = new Cadence();
  private long watchedTerm;
  private volatile @Nullable Silence silence;
  private long firstLookMs = Lease.NO_TIME;

  WatchedCluster(ClusterState state, long ticket, long readAtNanos) {
    this.state = state;
    this.ticket = ticket;
    this.readAtNanos = readAtNanos;
  }

  ClusterState state() {
    return state;
  }

  long readAtNanos() {
    return readAtNanos;
  }

  LagWindow lags() {
    return lags;
  }

  /**
   * Takes over a newer reading.
   *
   * @param readTicket order of readings: one that began earlier never replaces a later one
   * @return the state before, if this reading replaced it
   */
  synchronized @Nullable ClusterState adopt(ClusterState read, long readTicket, long atNanos) {
    if (readTicket < ticket) {
      return null;
    }
    ClusterState before = state;
    boolean sameFence = before.lease().fence().equals(read.lease().fence());
    if (!sameFence && read.terms().isEmpty()) {
      return null; // terms were left out for a lease that was known then and has changed since
    }
    state = sameFence && read.terms().isEmpty() ? read.withTerms(before.terms()) : read;
    ticket = readTicket;
    readAtNanos = atNanos;
    return before;
  }

  /** Tells whether a reading with this ticket began after the one that is known. */
  synchronized boolean isOlderThan(long readTicket) {
    return ticket < readTicket;
  }

  synchronized void saw(String replica, long nowMs, long newestMs) {
    Seen old = seen.get(replica);
    if (old == null && seen.size() >= MOST_REPLICAS) {
      return;
    }
    seen.put(
        replica,
        old == null
            ? new Seen(nowMs, newestMs, Lease.NO_TIME)
            : new Seen(nowMs, Math.max(newestMs, old.newestMs()), old.notedMs()));
  }

  /** Returns what of the replicas is worth writing down now, and takes it for written. */
  synchronized List<LeaseStore.ReplicaNote> replicaNotes(long nowMs) {
    List<LeaseStore.ReplicaNote> notes = new ArrayList<>();
    seen.entrySet()
        .removeIf(
            e ->
                nowMs - e.getValue().lastSeenMs() > FORGET_MS
                    && e.getValue().notedMs() >= e.getValue().lastSeenMs());
    seen.replaceAll(
        (replica, s) -> {
          boolean fresh = s.notedMs() == Lease.NO_TIME || s.lastSeenMs() > s.notedMs();
          boolean due = s.notedMs() == Lease.NO_TIME || nowMs - s.notedMs() >= NOTE_EVERY_MS;
          if (!fresh || !due) {
            return s;
          }
          notes.add(
              new LeaseStore.ReplicaNote(state.clusterId(), replica, s.lastSeenMs(), s.newestMs()));
          return new Seen(s.lastSeenMs(), s.newestMs(), nowMs);
        });
    return notes;
  }

  /** Returns all replicas: what others have noted and what this connector saw itself. */
  synchronized List<Sighting> sightings() {
    Map<String, Sighting> all = new HashMap<>();
    state.sightings().forEach(s -> all.put(s.replica(), s));
    seen.forEach(
        (replica, s) ->
            all.merge(replica, new Sighting(replica, s.lastSeenMs(), s.newestMs()), Sighting::and));
    return all.values().stream().sorted(Comparator.comparing(Sighting::replica)).toList();
  }

  /**
   * Looks at the leader's commits once more; {@link #silence} then tells how long it has been
   * silent.
   *
   * @return a gap between bursts of its commits that has just ended, in milliseconds, or 0
   */
  long look(ClusterState now) {
    if (firstLookMs == Lease.NO_TIME) {
      firstLookMs = now.nowMs();
    }
    if (watchedTerm != now.lease().term()) {
      // Another leader: what was seen of the one before says nothing about it.
      watchedTerm = now.lease().term();
      silence = null;
      cadence.restart();
    }
    silence = Silence.look(silence, now.lease().silence(), now.progress().commits(), now.nowMs());
    return cadence.look(now.progress(), now.nowMs());
  }

  /** The leader may be kept from committing by us: this time says nothing about it. */
  void lookAway() {
    silence = null;
    cadence.restart();
  }

  /** Tells whether this connector has been looking for less than this time. */
  boolean isYoung(long nowMs, long ageMs) {
    return firstLookMs == Lease.NO_TIME || nowMs - firstLookMs < ageMs;
  }

  /** Returns the leader's silence as of the last look. */
  Silence silence() {
    Silence last = silence;
    return last == null ? state.lease().silence() : last;
  }
}
