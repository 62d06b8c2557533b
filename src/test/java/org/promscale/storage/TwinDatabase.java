package org.promscale.storage;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.HeldRequest;
import org.promscale.ingest.HeldShelf;

/**
 * The twin of the database: leases, lanes, terms, patches and samples with the locks that matter.
 * What waits for a lock goes on when somebody ends. Deterministic, one thread.
 */
public final class TwinDatabase {

  /**
   * A stored sample.
   *
   * @param committedAtMs by the database's clock
   * @param trueMs in truth
   */
  public record Stored(long valueBits, long committedAtMs, long trueMs) {}

  /** A state to come back to. */
  public record Snapshot(
      Map<Long, TwinCluster> clusters,
      Map<Long, NavigableMap<Long, Stored>> samples,
      List<TwinShelf.Row> shelf) {}

  static final long LOCK_TIMEOUT_MS = 2_000;
  static final long FOR_EVER = Long.MAX_VALUE;
  static final long IDLE_TIMEOUT_MS = 5_000;

  private final LongSupplier clock;
  private final LongSupplier trueClock;
  private final Random random;
  final Mutant mutant;
  private Map<Long, TwinCluster> clusters = new TreeMap<>();
  private Map<Long, NavigableMap<Long, Stored>> samples = new TreeMap<>();
  private List<TwinShelf.Row> shelf = new ArrayList<>();
  private final Map<TwinSession.Key, TwinSession> uncommitted = new LinkedHashMap<>();
  private final List<TwinSession> sessions = new ArrayList<>();
  private final Set<TwinSession.Key> lost = new HashSet<>();
  private final Set<String> termLost = new HashSet<>();
  private long nextPatch = 1;
  private long lastShelved;
  private boolean up = true;

  /**
   * Makes an empty database.
   *
   * @param clock its own wall clock, in milliseconds
   * @param trueClock the judges' clock
   * @param random for fences
   */
  public TwinDatabase(LongSupplier clock, LongSupplier trueClock, Random random, Mutant mutant) {
    this.clock = clock;
    this.trueClock = trueClock;
    this.random = random;
    this.mutant = mutant;
  }

  long nowMs() {
    return clock.getAsLong();
  }

  long trueMs() {
    return trueClock.getAsLong();
  }

  UUID newFence() {
    return new UUID(random.nextLong(), random.nextLong());
  }

  long newPatchId() {
    return nextPatch++;
  }

  /** Tells whether it answers. */
  public boolean isUp() {
    return up;
  }

  /** Stops it: all transactions end. */
  public void stop() {
    up = false;
    endAll();
  }

  /** Starts it again. */
  public void start() {
    up = true;
  }

  private void endAll() {
    for (TwinSession session : List.copyOf(sessions)) {
      end(session, false);
    }
  }

  /** Ends the sessions of a connector that is gone: its connections break. */
  public void connectorGone(String name) {
    for (TwinSession session : List.copyOf(sessions)) {
      if (session.owner.equals(name)) {
        end(session, false);
      }
    }
  }

  /** Copies the state. */
  public Snapshot snapshot() {
    return new Snapshot(copyClusters(clusters), copySamples(samples), List.copyOf(shelf));
  }

  /** Goes back: what was committed since is lost. */
  public void restore(Snapshot snapshot) {
    endAll();
    samples.forEach(
        (series, rows) ->
            rows.forEach(
                (time, row) -> {
                  NavigableMap<Long, Stored> kept = snapshot.samples().get(series);
                  if (kept == null || !kept.containsKey(time)) {
                    lost.add(new TwinSession.Key(series, time));
                  }
                }));
    clusters.forEach(
        (id, cluster) -> {
          TwinCluster kept = snapshot.clusters().get(id);
          if (kept == null || kept.terms.size() < cluster.terms.size()) {
            termLost.add(cluster.name);
          }
        });
    clusters = copyClusters(snapshot.clusters());
    samples = copySamples(snapshot.samples());
    shelf = new ArrayList<>(snapshot.shelf());
  }

  private static Map<Long, TwinCluster> copyClusters(Map<Long, TwinCluster> all) {
    Map<Long, TwinCluster> copy = new TreeMap<>();
    all.forEach((id, cluster) -> copy.put(id, cluster.copy()));
    return copy;
  }

  private static Map<Long, NavigableMap<Long, Stored>> copySamples(
      Map<Long, NavigableMap<Long, Stored>> all) {
    Map<Long, NavigableMap<Long, Stored>> copy = new TreeMap<>();
    all.forEach((series, rows) -> copy.put(series, new TreeMap<>(rows)));
    return copy;
  }

  /** Tells whether a term of a cluster was committed and lost again. */
  public boolean hasLostTerm(String cluster) {
    return termLost.contains(cluster);
  }

  /** Tells whether a sample was committed and lost again. */
  public boolean wasLost(long seriesId, long timeMs) {
    return lost.contains(new TwinSession.Key(seriesId, timeMs));
  }

  /** Returns the committed samples of a series, by time. */
  public NavigableMap<Long, Stored> samples(long seriesId) {
    return samples.computeIfAbsent(seriesId, id -> new TreeMap<>());
  }

  Collection<TwinCluster> clusters() {
    return clusters.values();
  }

  @Nullable TwinCluster cluster(long id) {
    return clusters.get(id);
  }

  void add(TwinCluster cluster) {
    clusters.put(cluster.id, cluster);
  }

  /** Returns the held requests that are here. */
  public List<HeldShelf.Shelved> shelved() {
    return shelf.stream().map(TwinShelf.Row::shelved).toList();
  }

  List<TwinShelf.Row> shelf() {
    return shelf;
  }

  void shelve(HeldRequest request) {
    shelf.add(
        TwinShelf.Row.free(
            new HeldShelf.Shelved(
                ++lastShelved,
                request.clusterId(),
                request.tenant(),
                request.sender(),
                request.body(),
                nowMs())));
  }

  // Sessions.

  TwinSession begin(String owner) {
    TwinSession session = new TwinSession(owner, nowMs());
    sessions.add(session);
    return session;
  }

  /**
   * Runs a statement that may have to wait.
   *
   * @param attempt returns whom it has to wait for, null when it is done
   * @param done told null, or an SQLSTATE
   */
  void run(
      TwinSession session,
      long lockTimeoutMs,
      Supplier<@Nullable TwinSession> attempt,
      Consumer<@Nullable TwinFailure> done) {
    if (session.ended) {
      done.accept(new TwinFailure("57P01"));
      return;
    }
    long now = nowMs();
    long giveUp = lockTimeoutMs == FOR_EVER ? FOR_EVER : now + lockTimeoutMs;
    step(session, new TwinSession.Waiting(attempt, done, now, giveUp));
  }

  private void step(TwinSession session, TwinSession.Waiting statement) {
    session.waiting = null;
    session.blockedBy = null;
    TwinFailure failure = null;
    try {
      TwinSession blocker = statement.attempt().get();
      if (blocker != null && !blocker.waitsFor(session)) {
        session.waiting = statement;
        session.blockedBy = blocker;
        return;
      }
      if (blocker != null) {
        failure = new TwinFailure("40P01");
      }
    } catch (TwinFailure e) {
      failure = e;
    }
    session.clientTurnSinceMs = nowMs();
    statement.done().accept(failure);
  }

  void commit(TwinSession session) {
    if (session.ended) {
      throw new TwinFailure("57P01");
    }
    session.redo.forEach(Runnable::run);
    end(session, true);
  }

  void end(TwinSession session, boolean committed) {
    if (session.ended) {
      return;
    }
    session.ended = true;
    sessions.remove(session);
    session.keys.forEach(uncommitted::remove);
    session.lanes.forEach(lane -> lane.lockedBy = null);
    session.exclusive.forEach(cluster -> cluster.writeLockedBy = null);
    session.shared.forEach(cluster -> cluster.sharedBy.remove(session));
    TwinSession.Waiting own = session.waiting;
    session.waiting = null;
    session.blockedBy = null;
    if (own != null && !committed) {
      own.done().accept(new TwinFailure("57P01"));
    }
    for (TwinSession other : List.copyOf(sessions)) {
      TwinSession.Waiting waiting = other.waiting;
      if (waiting != null) {
        step(other, waiting);
      }
    }
  }

  /** Ends what has waited or idled too long; call it often. */
  public void keepTime() {
    long now = nowMs();
    for (TwinSession session : List.copyOf(sessions)) {
      TwinSession.Waiting waiting = session.waiting;
      if (waiting != null) {
        if (now >= waiting.giveUpMs()) {
          session.waiting = null;
          session.blockedBy = null;
          session.clientTurnSinceMs = now;
          waiting.done().accept(new TwinFailure("55P03"));
        }
      } else if (!session.inCopy && now - session.clientTurnSinceMs >= IDLE_TIMEOUT_MS) {
        end(session, false);
      }
    }
  }

  /** Returns the transactions that are open. */
  List<TwinSession> sessions() {
    return List.copyOf(sessions);
  }

  // Locks.

  /** Locks the lease row as whoever fills or changes it does. */
  @Nullable TwinSession lockExclusive(TwinSession session, TwinCluster cluster) {
    if (cluster.writeLockedBy == session) {
      return null;
    }
    TwinSession holder = cluster.writeLockedBy;
    if (holder != null) {
      return holder;
    }
    for (TwinSession shared : cluster.sharedBy) {
      if (shared != session) {
        return shared;
      }
    }
    cluster.writeLockedBy = session;
    session.exclusive.add(cluster);
    return null;
  }

  /** Locks the lease row as whoever registers a lane does. */
  @Nullable TwinSession lockShared(TwinSession session, TwinCluster cluster) {
    TwinSession holder = cluster.writeLockedBy;
    if (holder != null && holder != session) {
      return holder;
    }
    cluster.sharedBy.add(session);
    session.shared.add(cluster);
    return null;
  }

  /** Locks a lane's row. */
  @Nullable TwinSession lockLane(TwinSession session, TwinCluster.Lane lane) {
    TwinSession holder = lane.lockedBy;
    if (holder == null) {
      lane.lockedBy = session;
      session.lanes.add(lane);
    }
    return holder == session ? null : holder;
  }

  /**
   * Inserts a row.
   *
   * @param careful whether a row that is there is left alone; else it is a violation
   * @return whom it has to wait for
   * @throws TwinFailure 23505, naming the series
   */
  @Nullable TwinSession insert(
      TwinSession session, long seriesId, long timeMs, long valueBits, boolean careful) {
    TwinSession.Key key = new TwinSession.Key(seriesId, timeMs);
    TwinSession holder = uncommitted.get(key);
    if (holder == session) {
      return null;
    }
    if (holder != null) {
      return holder;
    }
    if (samples(seriesId).containsKey(timeMs)) {
      if (careful) {
        return null;
      }
      throw new TwinFailure("23505", seriesId);
    }
    uncommitted.put(key, session);
    session.keys.add(key);
    session.redo.add(() -> samples(seriesId).put(timeMs, new Stored(valueBits, nowMs(), trueMs())));
    return null;
  }
}
