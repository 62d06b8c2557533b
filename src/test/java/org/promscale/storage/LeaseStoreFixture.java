package org.promscale.storage;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeaderChange;
import org.promscale.ingest.LeaseStore;

/** What the contracts of leases need of the class that runs them. */
interface LeaseStoreFixture {

  /** Data times of tests are after this one, in the past. */
  long T0 = HaStage.T0;

  /** Number of connectors. */
  int CONNECTORS = 4;

  AtomicInteger NUMBERS = new AtomicInteger();

  /** Returns the store of a connector, numbered from 0; they all see the same leases. */
  LeaseStore connector(int number);

  /**
   * Commits a sample of the leader, as a storing transaction does; the lane is registered first.
   *
   * @param fence under which it was judged
   * @return false if nothing was stored because leadership has changed or the lane is gone
   */
  boolean commit(int connector, int lane, long clusterId, UUID fence, long newestMs);

  /**
   * Fills a hole in a patch.
   *
   * @return false if nothing was stored because leadership has changed or the patch is closed
   */
  boolean fill(int connector, long clusterId, UUID fence, long patchId, long timestampMs);

  /** Lets this much wall time pass for everybody. */
  void pass(Duration time);

  /** Returns a tenant that no other test uses. */
  default int tenant() {
    return 1_000 + NUMBERS.incrementAndGet();
  }

  /** Returns a new cluster that replica A leads. */
  default long cluster() {
    return connector(0).elect(tenant(), "cluster", "A", 1).orElseThrow();
  }

  /** Reads a cluster with its terms. */
  default ClusterState read(long clusterId) {
    return connector(1).read(Set.of(clusterId)).get(0);
  }

  /** Commits under the fence of now. */
  default void commitNow(int connector, int lane, long clusterId, long newestMs) {
    if (!commit(connector, lane, clusterId, read(clusterId).lease().fence(), newestMs)) {
      throw new IllegalStateException("not stored");
    }
  }

  /** Makes a replica the leader of a cluster. */
  default ClusterState lead(long clusterId, String winner) {
    if (!connector(0).takeOver(read(clusterId), LeaderChange.silent(winner))) {
      throw new IllegalStateException("not taken over");
    }
    return read(clusterId);
  }

  /** Does all of this at the same time; returns what came of it. */
  static <T> List<T> together(List<Callable<T>> work) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(work.size());
    try {
      CyclicBarrier barrier = new CyclicBarrier(work.size());
      List<Future<T>> running = new ArrayList<>();
      for (Callable<T> one : work) {
        running.add(
            threads.submit(
                () -> {
                  barrier.await(30, TimeUnit.SECONDS);
                  return one.call();
                }));
      }
      List<T> results = new ArrayList<>();
      for (Future<T> one : running) {
        results.add(one.get(30, TimeUnit.SECONDS));
      }
      return results;
    } finally {
      threads.shutdownNow();
    }
  }
}
