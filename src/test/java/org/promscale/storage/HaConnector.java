package org.promscale.storage;

import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.Hold;
import org.promscale.ha.LeaseClaim;
import org.promscale.ha.LeasePolicy;
import org.promscale.ingest.BatchListener;
import org.promscale.ingest.BatchValidator;
import org.promscale.ingest.ClusterLeaders;
import org.promscale.ingest.EveryTimePrepared;
import org.promscale.ingest.HaListener;
import org.promscale.ingest.HeldBodies;
import org.promscale.ingest.HoldKeeper;
import org.promscale.ingest.LeaderRouter;
import org.promscale.ingest.LeaderWatch;
import org.promscale.ingest.LeaseChanged;
import org.promscale.ingest.Rejections;
import org.promscale.model.WriteBatch;

/** A connector in this JVM: everything between a judged request and the database. Thread-safe. */
final class HaConnector {

  private static final int FILL_LANE = 100;
  private static final int CLUSTERS = 1_000;
  private static final long HOLD_BYTES = 1 << 20;

  private final SeriesCache cache = new SeriesCache(10_000);
  private final BatchWriter writer;
  private final FillWriter filler;
  private final PgLeaseStore store;
  private final LeaderRouter router;
  private final LeaderWatch watch;
  private final Hold hold;
  private final PgHeldShelf shelf;
  private final HoldKeeper keeper;
  private final HeldTestBodies bodies = new HeldTestBodies(cache);
  private final AtomicLong passed = new AtomicLong();
  private final AtomicInteger fencesLost = new AtomicInteger();

  /** Lets time pass for this connector alone. */
  void pass(Duration time) {
    passed.addAndGet(time.toNanos());
  }

  private long nanoTime() {
    return System.nanoTime() + passed.get();
  }

  HaConnector(
      DataSource source,
      LeaseTransactions leases,
      ExecutorService threads,
      String name,
      List<CommitGuard> guards)
      throws SQLException {
    BatchListener listener = BatchListener.NONE;
    BatchPreparation preparation =
        new BatchPreparation(
            new SeriesCatalog(), cache, Partitions.load(source), new MetadataStore(), listener);
    LaneFence fence = new LaneFence(name);
    writer =
        new BatchWriter(
            source,
            preparation,
            fence,
            new BatchTransaction(true, guards, fence, listener, () -> 0L),
            listener);
    filler = new FillWriter(source, preparation, fence, guards, FILL_LANE);
    store = new PgLeaseStore(source, leases, this::nanoTime);
    HaListener heard =
        new HaListener() {
          @Override
          public void fenceLost() {
            fencesLost.incrementAndGet();
          }
        };
    ClusterLeaders leaders =
        new ClusterLeaders(
            store, threads, InstantSource.system(), this::nanoTime, () -> 0L, heard, CLUSTERS);
    BatchPolicy policy = new BatchPolicy(1, 1 << 26, BatchPolicy.DEFAULT_ROWS);
    shelf = new PgHeldShelf(source);
    hold = new Hold(HOLD_BYTES);
    HeldBodies heldBodies = new HeldBodies(bodies, validator());
    router =
        new LeaderRouter(
            leaders,
            new SampleBatcher(threads, writer, policy, this::nanoTime),
            new SampleBatcher(threads, filler, policy, this::nanoTime),
            hold,
            shelf,
            heldBodies,
            heard);
    keeper =
        new HoldKeeper(
            hold,
            shelf,
            heldBodies,
            new PgHoleProber(source),
            store,
            router,
            threads,
            InstantSource.system(),
            this::nanoTime,
            heard);
    watch =
        new LeaderWatch(store, leaders, new LeasePolicy(15_000), 600_000, this::nanoTime, keeper);
  }

  private static BatchValidator validator() {
    return new BatchValidator(
        InstantSource.system(), () -> 0, new EveryTimePrepared(), Long.MAX_VALUE / 2);
  }

  /** Returns what this connector holds. */
  Hold hold() {
    return hold;
  }

  /** Returns what all connectors of this database have left. */
  PgHeldShelf shelf() {
    return shelf;
  }

  /** Leaves what is held to the others. */
  int leave() {
    return keeper.leave(0);
  }

  PgLeaseStore store() {
    return store;
  }

  /** Returns how often this connector has judged a request again. */
  int fencesLost() {
    return fencesLost.get();
  }

  /** Looks at all clusters once. */
  void look() {
    watch.look();
  }

  /** Elects; returns the cluster's number. */
  long elect(String cluster, String replica) {
    return store.elect(0, cluster, replica, CLUSTERS).orElseThrow();
  }

  ClusterState read(long clusterId) {
    return store.read(Set.of(clusterId)).get(0);
  }

  /** Stores on a lane what was judged already; every request is answered afterwards. */
  void write(int lane, PendingBatch... group) {
    writer.write(lane, List.of(group));
  }

  /** Fills what was judged already; every request is answered afterwards. */
  void fill(PendingBatch... group) {
    filler.write(0, List.of(group));
  }

  /** Routes a request, as the entrance does. */
  CompletionStage<Void> route(Supplier<WriteBatch> request) {
    byte[] body = bodies.of(request);
    return router.route(bodies.decode(0, body), new Rejections(), 100, body);
  }

  /** Stores one sample of a leader; returns false if leadership has changed. */
  boolean commit(
      int lane, long clusterId, UUID fence, String metric, long timestampMs, double value) {
    PendingBatch pending =
        Batches.unknown()
            .sample(metric, timestampMs, value)
            .pending(new LeaseClaim(clusterId, fence, timestampMs, 0));
    write(lane, pending);
    return stored(pending);
  }

  /** Stores one sample of the leader, whatever has to be judged again for it. */
  void commit(int lane, long clusterId, String metric, long timestampMs, double value) {
    for (int i = 0; i < 10; i++) {
      if (commit(lane, clusterId, read(clusterId).lease().fence(), metric, timestampMs, value)) {
        return;
      }
    }
    throw new IllegalStateException("leadership changes all the time");
  }

  /** Tells whether an answered request is stored; false if leadership has changed. */
  static boolean stored(PendingBatch pending) {
    Throwable failure = failure(pending.done()).orElse(null);
    if (failure == null) {
      return true;
    }
    if (failure instanceof LeaseChanged) {
      return false;
    }
    throw new IllegalStateException("not stored", failure);
  }

  /** Returns why an answered request failed, empty if it did not. */
  static Optional<Throwable> failure(CompletableFuture<Integer> done) {
    if (!done.isDone()) {
      throw new IllegalStateException("no answer");
    }
    List<@Nullable Throwable> failures = new ArrayList<>();
    var unused = done.whenComplete((nothing, failure) -> failures.add(failure));
    return Optional.ofNullable(failures.get(0));
  }
}
