package org.promscale.storage;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.FillOrder;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.LeaseClaim;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.FillSink;
import org.promscale.ingest.IngestFailure;
import org.promscale.ingest.SampleSink;
import org.promscale.model.WriteBatch;

/**
 * Group commit without a timer: while a writer's transaction is under way, the next requests gather
 * in the queue, and the writer that is free first takes them all. With little to do a request is
 * stored at once, alone; under load the transactions grow by themselves.
 *
 * <p>Requests with new series are in groups of their own, and one writer always stays free of them:
 * a sender whose series are all new takes a share of the database, not everybody's turn.
 *
 * <p>Writers are tasks of the given executor; a writer ends when the queue has been empty for a
 * moment, and is started again by the next request. Thread-safe.
 */
public final class SampleBatcher implements SampleSink, FillSink {

  /** Stores a group of batches and completes each of them, whatever happens. */
  @FunctionalInterface
  public interface Store {

    /**
     * Called on a writer's thread; owns the batches.
     *
     * @param writer number of the writer, from 0; no other one has it at the same time
     */
    void write(int writer, List<PendingBatch> group);
  }

  /** A store that gives its writer's thread back while a group is under way. */
  @FunctionalInterface
  public interface OverlappingStore {

    /**
     * Like {@link Store#write}.
     *
     * @return completes when the writer is free for its next group
     */
    CompletionStage<Void> write(int writer, List<PendingBatch> group);
  }

  private static final int NO_WRITER = -1;

  private final Executor executor;
  private final OverlappingStore store;
  private final BatchPolicy policy;
  private final LongSupplier nanoClock;

  private final Object lock = new Object();
  private final RequestQueue queue = new RequestQueue();
  private final BitSet writers = new BitSet();
  private int registering;
  private int idleWriters;
  private boolean closed;

  /**
   * Makes an idle batcher.
   *
   * @param nanoClock a clock that never jumps, in nanoseconds
   */
  public SampleBatcher(Executor executor, Store store, BatchPolicy policy, LongSupplier nanoClock) {
    this(
        policy,
        executor,
        (writer, group) -> {
          store.write(writer, group);
          return CompletableFuture.completedStage(null);
        },
        nanoClock);
  }

  private SampleBatcher(
      BatchPolicy policy, Executor executor, OverlappingStore store, LongSupplier nanoClock) {
    this.executor = executor;
    this.store = store;
    this.policy = policy;
    this.nanoClock = nanoClock;
  }

  /** Makes an idle batcher whose writers hold no thread; a simulation has only one. */
  public static SampleBatcher overlapping(
      Executor executor, OverlappingStore store, BatchPolicy policy, LongSupplier nanoClock) {
    return new SampleBatcher(policy, executor, store, nanoClock);
  }

  @Override
  public CompletionStage<Void> store(
      WriteBatch batch, List<LeaseClaim> claims, List<HeldRequest> left, int bytes) {
    return submit(new PendingBatch(batch, claims, left, null, bytes, new CompletableFuture<>()))
        .thenApply(done -> null);
  }

  @Override
  public CompletionStage<Integer> fill(WriteBatch batch, FillOrder order, int bytes) {
    return submit(
        new PendingBatch(batch, List.of(), List.of(), order, bytes, new CompletableFuture<>()));
  }

  private CompletionStage<Integer> submit(PendingBatch pending) {
    int bytes = pending.bytes();
    int writer = NO_WRITER;
    synchronized (lock) {
      if (closed) {
        return failed(FailureKind.UNAVAILABLE, "cannot take a write: this connector is stopping");
      }
      if (queue.bytes() + bytes > policy.queueBytes() && queue.size() > 0) {
        return failed(
            FailureKind.OVERLOADED,
            "cannot take a write: the queue to the database is full; see -db.queue-max-bytes and"
                + " -db.num-writers");
      }
      queue.add(pending);
      writer = wakeOne();
    }
    start(writer);
    return pending.done();
  }

  /**
   * Under the lock, after a request was added. Returns who must be started, if any. Those that wait
   * look whether they may take it; they may be fewer than there seem, with new series queued.
   */
  private int wakeOne() {
    if (!queue.hasNext(mayRegister())) {
      return NO_WRITER; // whoever registers now takes it next
    }
    lock.notify();
    if (queue.size() <= idleWriters || writers.cardinality() == policy.writers()) {
      return NO_WRITER;
    }
    int writer = writers.nextClearBit(0);
    writers.set(writer);
    return writer;
  }

  private boolean mayRegister() {
    return registering < Math.max(1, policy.writers() - 1);
  }

  private void start(int writer) {
    if (writer == NO_WRITER) {
      return;
    }
    try {
      executor.execute(() -> drain(writer));
    } catch (RejectedExecutionException e) {
      List<PendingBatch> orphans = List.of();
      synchronized (lock) {
        writers.clear(writer);
        if (writers.isEmpty()) {
          orphans = new ArrayList<>(queue.take(Integer.MAX_VALUE, true));
          orphans.addAll(queue.take(Integer.MAX_VALUE, true));
        }
        lock.notifyAll();
      }
      IngestFailure failure =
          new IngestFailure(
              FailureKind.UNAVAILABLE, "cannot take a write: the server's executor is stopping", e);
      orphans.forEach(p -> p.done().completeExceptionally(failure));
    }
  }

  /** A writer's life: take what has gathered, store it, until nothing is left. */
  private void drain(int writer) {
    while (true) {
      List<PendingBatch> group;
      boolean registers;
      synchronized (lock) {
        awaitRequests();
        group = queue.take(policy.rowsPerTransaction(), mayRegister());
        if (group.isEmpty()) {
          writers.clear(writer);
          lock.notifyAll();
          return;
        }
        registers = group.get(0).registers();
        registering += registers ? 1 : 0;
      }
      try {
        CompletableFuture<Void> written = store.write(writer, group).toCompletableFuture();
        if (!written.isDone()) {
          var unused =
              written.whenComplete((done, failure) -> goOn(writer, group, registers, failure));
          return;
        }
        written.join();
      } catch (RuntimeException e) {
        fail(group, e);
      } catch (Error e) {
        fail(group, e);
        synchronized (lock) {
          writers.clear(writer);
          hasStored(registers);
          lock.notifyAll();
        }
        throw e;
      }
      hasStored(registers);
    }
  }

  /** Gives leave to register back to whoever is next. */
  private void hasStored(boolean registers) {
    synchronized (lock) {
      registering -= registers ? 1 : 0;
    }
  }

  /** Gives the lock up meanwhile. At once where something is queued, or nothing will be. */
  private void awaitRequests() {
    if (policy.idleMillis() == 0) {
      return;
    }
    long until = nanoClock.getAsLong() + policy.idleMillis() * 1_000_000;
    idleWriters++;
    try {
      while (!queue.hasNext(mayRegister()) && !closed) {
        long left = (until - nanoClock.getAsLong()) / 1_000_000;
        if (left <= 0) {
          return;
        }
        lock.wait(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the executor wants its thread
    } finally {
      idleWriters--;
    }
  }

  private void goOn(
      int writer, List<PendingBatch> group, boolean registers, @Nullable Throwable failure) {
    if (failure != null) {
      fail(group, failure);
    }
    hasStored(registers);
    drain(writer);
  }

  /** The last line of defence: whatever broke, no request may wait for ever. */
  private static void fail(List<PendingBatch> group, Throwable cause) {
    IngestFailure failure =
        new IngestFailure(FailureKind.UNAVAILABLE, "cannot store the request", cause);
    group.forEach(p -> p.done().completeExceptionally(failure));
  }

  /** Returns the decoded bytes that wait for a writer. */
  public long queuedBytes() {
    synchronized (lock) {
      return queue.bytes();
    }
  }

  /** Returns the number of requests that wait for a writer. */
  public int queuedRequests() {
    synchronized (lock) {
      return queue.size();
    }
  }

  /**
   * Takes no more requests and waits until those it has are committed or refused.
   *
   * @param millis how long to wait at most
   * @return whether the queue was drained in time
   */
  public boolean close(long millis) throws InterruptedException {
    long deadline = nanoClock.getAsLong() + millis * 1_000_000;
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
      while (!writers.isEmpty() || queue.size() > 0) {
        long left = (deadline - nanoClock.getAsLong()) / 1_000_000;
        if (left <= 0) {
          return false;
        }
        lock.wait(left);
      }
      return true;
    }
  }

  private static CompletionStage<Integer> failed(FailureKind kind, String message) {
    return CompletableFuture.failedFuture(new IngestFailure(kind, message));
  }
}
