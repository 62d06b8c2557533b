package org.promscale.ingest;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.Lease;
import org.promscale.ha.LeaseClaim;
import org.promscale.ha.Standing;
import org.promscale.model.ReplicaIdentity;

/**
 * The leaders of all clusters, in memory, as they were read last. Every reading carries a ticket
 * drawn before it began, so that an old one that comes late changes nothing. Thread-safe.
 */
public final class ClusterLeaders implements Leadership {

  private static final Logger LOG = System.getLogger(ClusterLeaders.class.getName());

  /** An older view of a lease may be of a term that is over. */
  private static final long FRESH_NANOS = Duration.ofSeconds(3).toNanos();

  /** A sample counts at most this much ahead of wall time. */
  private static final long CLAMP_MS = 5_000;

  /** A request that is held back comes again after five seconds at the latest. */
  private static final long JUDGED_NANOS = Duration.ofSeconds(6).toNanos();

  private record Key(int tenant, String cluster) {}

  private final LeaseStore store;
  private final Executor executor;
  private final InstantSource clock;
  private final LongSupplier nanoClock;
  private final DatabaseClock databaseClock;
  private final HaListener listener;
  private final int maxClusters;

  private final Map<Key, WatchedCluster> clusters = new ConcurrentHashMap<>();
  private final Map<Long, WatchedCluster> byId = new ConcurrentHashMap<>();
  private final Map<Key, CompletableFuture<Boolean>> elections = new ConcurrentHashMap<>();
  private final AtomicLong tickets = new AtomicLong();
  private volatile long judgedAtNanos;

  /**
   * Makes an empty table.
   *
   * @param executor runs what asks the database
   * @param nanoClock a clock that never jumps, in nanoseconds
   * @param maxClusters how many clusters a tenant may have
   */
  public ClusterLeaders(
      LeaseStore store,
      Executor executor,
      InstantSource clock,
      LongSupplier nanoClock,
      DatabaseClock databaseClock,
      HaListener listener,
      int maxClusters) {
    this.store = store;
    this.executor = executor;
    this.clock = clock;
    this.nanoClock = nanoClock;
    this.databaseClock = databaseClock;
    this.listener = listener;
    this.maxClusters = maxClusters;
    this.judgedAtNanos = nanoClock.getAsLong();
  }

  @Override
  public CompletionStage<List<@Nullable Standing>> standings(
      int tenant, List<@Nullable ReplicaIdentity> replicas) {
    Map<Key, CompletableFuture<Boolean>> elected = new HashMap<>();
    for (ReplicaIdentity replica : replicas) {
      if (replica != null && !isKnown(tenant, replica) && hasRoom(tenant)) {
        Key key = new Key(tenant, replica.cluster());
        elected.computeIfAbsent(key, k -> elect(k, replica));
      }
    }
    if (elected.isEmpty()) {
      return CompletableFuture.completedFuture(known(tenant, replicas));
    }
    return CompletableFuture.allOf(elected.values().toArray(new CompletableFuture<?>[0]))
        .thenApply(
            done -> {
              elected.forEach(this::refuseIfForgotten);
              return known(tenant, replicas);
            });
  }

  /** Without a standing a sender is told that it is beyond the limit, for good: 400. */
  private void refuseIfForgotten(Key key, CompletableFuture<Boolean> election) {
    if (election.join() && !clusters.containsKey(key)) {
      throw new IngestFailure(
          FailureKind.UNAVAILABLE,
          "the database has just lost cluster " + OneLine.of(key.cluster(), 200));
    }
  }

  private boolean isKnown(int tenant, ReplicaIdentity replica) {
    return clusters.containsKey(new Key(tenant, replica.cluster()));
  }

  /** Spares the database the question; the election itself counts exactly. */
  private boolean hasRoom(int tenant) {
    return clusters.size() < maxClusters
        || clusters.keySet().stream().filter(k -> k.tenant() == tenant).count() < maxClusters;
  }

  private List<@Nullable Standing> known(int tenant, List<@Nullable ReplicaIdentity> replicas) {
    long now = nanoClock.getAsLong();
    List<@Nullable Standing> standings = new ArrayList<>(replicas.size());
    for (ReplicaIdentity replica : replicas) {
      WatchedCluster watched =
          replica == null ? null : clusters.get(new Key(tenant, replica.cluster()));
      standings.add(
          replica == null || watched == null
              ? null
              : new Standing(
                  watched.state(),
                  replica.replica(),
                  now - watched.readAtNanos() <= FRESH_NANOS,
                  Math.max(watched.state().nowMs(), clock.millis())));
    }
    return standings;
  }

  /**
   * One election of a cluster at a time; all requests that wait for it share its outcome: whether
   * the cluster is within the limit.
   */
  private CompletableFuture<Boolean> elect(Key key, ReplicaIdentity replica) {
    CompletableFuture<Boolean> mine = new CompletableFuture<>();
    CompletableFuture<Boolean> running = elections.putIfAbsent(key, mine);
    if (running != null) {
      return running;
    }
    run(
        mine,
        () -> {
          Optional<Long> id =
              store.elect(key.tenant(), key.cluster(), replica.replica(), maxClusters);
          // Drawn after the election: a reading of all that began before it and ends after it does
          // not know the cluster, and must not count as the newer one.
          long ticket = tickets.incrementAndGet();
          long atNanos = nanoClock.getAsLong();
          id.ifPresent(known -> adopt(store.read(Set.of(known)), ticket, atNanos));
          return id.isPresent();
        });
    return mine.whenComplete((done, failure) -> elections.remove(key, mine));
  }

  @Override
  public CompletionStage<Void> refresh(Set<Long> clusterIds) {
    CompletableFuture<@Nullable Void> read = new CompletableFuture<>();
    run(
        read,
        () -> {
          long ticket = tickets.incrementAndGet();
          long atNanos = nanoClock.getAsLong();
          List<ClusterState> states = store.read(clusterIds);
          adopt(states, ticket, atNanos);
          clusterIds.forEach(id -> forgetUnlessRead(byId.get(id), states, ticket));
          return null;
        });
    return read.thenApply(done -> null);
  }

  private <T> void run(CompletableFuture<T> outcome, Supplier<T> work) {
    try {
      executor.execute(
          () -> {
            try {
              outcome.complete(work.get());
            } catch (RuntimeException | Error e) {
              outcome.completeExceptionally(e);
            }
          });
    } catch (RejectedExecutionException e) {
      outcome.completeExceptionally(
          new IngestFailure(
              FailureKind.UNAVAILABLE, "cannot take a write: the connector is stopping", e));
    }
  }

  /** Takes over what was read; to be called with a ticket drawn before the reading began. */
  void adopt(Collection<ClusterState> read, long ticket, long atNanos) {
    for (ClusterState state : read) {
      Key key = new Key(state.tenant(), state.cluster());
      WatchedCluster fresh = new WatchedCluster(state, ticket, atNanos);
      WatchedCluster watched = clusters.putIfAbsent(key, fresh);
      if (watched == null) {
        byId.put(state.clusterId(), fresh);
        listener.clusterKnown(state);
        continue;
      }
      ClusterState before = watched.adopt(state, ticket, atNanos);
      if (before != null && before.lease().term() != state.lease().term()) {
        learnt(before, state);
      }
    }
  }

  /** Takes over a reading of all clusters. */
  void adoptAll(Collection<ClusterState> read, long ticket, long atNanos) {
    adopt(read, ticket, atNanos);
    clusters.values().forEach(watched -> forgetUnlessRead(watched, read, ticket));
  }

  /**
   * A database that went back to an older state may not know a cluster any more: then it is elected
   * again.
   */
  private void forgetUnlessRead(
      @Nullable WatchedCluster watched, Collection<ClusterState> read, long ticket) {
    if (watched == null || !watched.isOlderThan(ticket)) {
      return;
    }
    ClusterState state = watched.state();
    if (read.stream().noneMatch(state::isSameCluster)) {
      LOG.log(
          Level.WARNING,
          "cluster {0} is gone from the database; the first of its replicas to send leads it",
          OneLine.of(state.cluster(), 200));
      clusters.remove(new Key(state.tenant(), state.cluster()), watched);
      byId.remove(state.clusterId(), watched);
      listener.clusterGone(state);
    }
  }

  /** One line for all connectors is written later, with what the change has cost. */
  private void learnt(ClusterState before, ClusterState after) {
    Lease lease = after.lease();
    LOG.log(
        Level.DEBUG,
        "cluster {0}: leader {1} -> {2}, term {3}",
        OneLine.of(after.cluster(), 200),
        OneLine.of(before.lease().leader(), 200),
        OneLine.of(lease.leader(), 200),
        Long.toString(lease.term()));
    listener.leaderChanged(before, after);
  }

  long drawTicket() {
    return tickets.incrementAndGet();
  }

  @Override
  public void saw(Standing standing, long newestMs) {
    ClusterState state = standing.state();
    WatchedCluster watched = clusters.get(new Key(state.tenant(), state.cluster()));
    judgedAtNanos = nanoClock.getAsLong();
    if (watched != null) {
      long nowMs = databaseNowMs();
      watched.saw(standing.replica(), nowMs, Math.min(newestMs, nowMs + CLAMP_MS));
    }
  }

  /**
   * Tells whether requests are refused because the database's clock and ours differ: then nobody
   * can commit, and no leader is silent for that.
   *
   * @param toleranceMs by how much they may differ
   */
  boolean refusesForClocks(long toleranceMs) {
    return Math.abs(databaseClock.aheadMs()) > toleranceMs
        && nanoClock.getAsLong() - judgedAtNanos > JUDGED_NANOS;
  }

  private long databaseNowMs() {
    return clock.millis() + databaseClock.aheadMs();
  }

  @Override
  public LeaseClaim withWorstLag(LeaseClaim claim) {
    WatchedCluster watched = byId.get(claim.clusterId());
    if (watched == null) {
      return claim;
    }
    long worst = watched.lags().add(claim.lagMs(), clock.millis());
    return new LeaseClaim(claim.clusterId(), claim.fence(), claim.newestMs(), worst);
  }

  /** Returns the fences whose terms are in memory. */
  Set<UUID> knownFences() {
    Set<UUID> fences = new HashSet<>();
    clusters.values().forEach(w -> fences.add(w.state().lease().fence()));
    return fences;
  }

  /** Returns the cluster of a state, or null if nobody has adopted it. */
  @Nullable WatchedCluster watched(ClusterState state) {
    return clusters.get(new Key(state.tenant(), state.cluster()));
  }

  /** Returns a cluster by its name, or null if it is not known. */
  @Nullable WatchedCluster watched(int tenant, String cluster) {
    return clusters.get(new Key(tenant, cluster));
  }

  /** Returns all clusters that are known. */
  Collection<WatchedCluster> all() {
    return clusters.values();
  }
}
