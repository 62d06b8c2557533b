package org.promscale.storage;

import jakarta.persistence.EntityManager;
import java.time.Instant;
import java.util.UUID;
import org.promscale.ha.ClusterState;
import org.promscale.ha.Lease;
import org.promscale.ha.PatchRun;
import org.promscale.ha.Settlement;

/**
 * Transactions that open and close patches. Opening closes history up to the patch's end, so it is
 * a transition like a change of leader: under locks on the lease and on all lanes, with a new
 * fence. Thread-safe.
 */
final class PatchTransitions {

  private final LeaseTransactions transactions;

  PatchTransitions(LeaseTransactions transactions) {
    this.transactions = transactions;
  }

  /** Opens a patch inside the running term; tells whether it did. */
  boolean open(ClusterState seen, Settlement.PatchWish wish, long runGapMs) {
    return transactions.call(
        em -> {
          LeaseTransitions.prepare(em);
          ClusterLease lease = LeaseTransitions.lock(em, seen.clusterId());
          if (lease == null || !lease.fence().equals(seen.lease().fence()) || !mayOpen(em, seen)) {
            return false;
          }
          LeaseTransitions.lockedProgress(em, lease); // waits for commits in flight
          open(em, lease, wish, runGapMs);
          return true;
        });
  }

  /** Two connectors that wish the same open one patch. */
  private static boolean mayOpen(EntityManager em, ClusterState seen) {
    return em
        .createNativeQuery(
            "SELECT 1 FROM _prom_catalog.ha_lease l WHERE l.cluster_id = :cluster AND"
                + " coalesce(l.patched_at NOT BETWEEN clock_timestamp() - interval '5 s' AND"
                + " clock_timestamp(), true) AND"
                + " NOT EXISTS (SELECT FROM _prom_catalog.ha_patch p WHERE p.cluster_id ="
                + " l.cluster_id AND p.open_until = 'infinity')")
        .setParameter("cluster", seen.clusterId())
        .getResultList()
        .stream()
        .findAny()
        .isPresent();
  }

  private static void open(
      EntityManager em, ClusterLease lease, Settlement.PatchWish wish, long runGapMs) {
    long id = lease.clusterId();
    UUID before = lease.fence();
    long sealMs = lease.seal() == null ? Lease.NO_TIME : lease.seal().toEpochMilli();
    lease.seal(Instant.ofEpochMilli(wish.endMs()));
    em.flush();
    if (runGapMs > 0) {
      prolongRun(em, id, runGapMs, PatchRun.movedMs(wish.holeMs(), sealMs));
    }
    em.createNativeQuery(
            "INSERT INTO _prom_catalog.ha_patch (cluster_id, replica, starts, ends, cause,"
                + " open_until) VALUES (:cluster, :replica, _prom_catalog.data_time(:starts),"
                + " _prom_catalog.data_time(:ends), 'hole', 'infinity')")
        .setParameter("cluster", id)
        .setParameter("replica", wish.replica())
        .setParameter("starts", wish.startMs())
        .setParameter("ends", wish.endMs())
        .executeUpdate();
    // Whoever judged by the old seal judges again; how far the leader has come stays.
    em.createNativeQuery(
            "UPDATE _prom_catalog.ha_progress SET fence = CAST(:fence AS uuid) WHERE cluster_id ="
                + " :cluster AND fence = CAST(:old AS uuid)")
        .setParameter("fence", lease.fence().toString())
        .setParameter("old", before.toString())
        .setParameter("cluster", id)
        .executeUpdate();
  }

  private static void prolongRun(EntityManager em, long cluster, long gapMs, long movedMs) {
    em.createNativeQuery(
            "UPDATE _prom_catalog.ha_lease SET patched_since = CASE WHEN patched_at >"
                + " clock_timestamp() - :gap * interval '1 millisecond' THEN patched_since +"
                + " greatest(clock_timestamp() - patched_at - :moved * interval '1 millisecond',"
                + " interval '0') ELSE clock_timestamp() END, patched_at = clock_timestamp() WHERE"
                + " cluster_id = :cluster")
        .setParameter("gap", gapMs)
        .setParameter("moved", Math.min(movedMs, gapMs)) // more is no run
        .setParameter("cluster", cluster)
        .executeUpdate();
  }

  /**
   * Ends a patch under the lease's lock, which whoever fills holds too. A clock that went back
   * makes no patch last longer.
   */
  void close(long clusterId, long patchId) {
    transactions.call(
        em -> {
          LeaseTransitions.prepare(em);
          LeaseTransitions.lock(em, clusterId);
          return em.createNativeQuery(
                  "UPDATE _prom_catalog.ha_patch SET open_until = clock_timestamp() WHERE patch_id"
                      + " = :patch AND open_until = 'infinity' AND NOT (opens_at >"
                      + " clock_timestamp() AND opens_at <= clock_timestamp() + interval '2"
                      + " minutes') AND greatest(filled_at, opens_at) NOT BETWEEN"
                      + " clock_timestamp() - interval '10 s' AND clock_timestamp()")
              .setParameter("patch", patchId)
              .executeUpdate();
        });
  }
}
