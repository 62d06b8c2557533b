package org.promscale.storage;

import jakarta.persistence.EntityManager;
import jakarta.persistence.LockModeType;
import jakarta.persistence.Query;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.Lease;
import org.promscale.ha.Progress;
import org.promscale.ha.Takeover;

/**
 * Transactions that change leadership. Each locks the lease row first ({@code PESSIMISTIC_WRITE},
 * which is FOR NO KEY UPDATE), then all lanes of the cluster: a storing transaction keeps its
 * lane's row from the check of the fence to its commit, so every one of them is either before the
 * change, and its frontier is read, or after it, and finds its fence gone. Thread-safe.
 */
final class LeaseTransitions {

  private static final String LANES =
      "SELECT CAST(fence AS text), _prom_catalog.data_ms(frontier), _prom_catalog.data_ms(last),"
          + " commits FROM _prom_catalog.ha_progress WHERE cluster_id = :cluster ORDER BY lane FOR"
          + " UPDATE";

  /** Identities begin at 1. */
  private static final long NO_CLUSTER = 0;

  private final LeaseTransactions transactions;

  LeaseTransitions(LeaseTransactions transactions) {
    this.transactions = transactions;
  }

  /** Does what every transition begins with, on no cluster: the first one takes long. */
  void warmUp() {
    transactions.call(
        em -> {
          prepare(em);
          return lock(em, NO_CLUSTER) != null;
        });
  }

  /** Makes a replica the first leader of a cluster; empty if the tenant has too many clusters. */
  Optional<Long> elect(int tenant, String cluster, String replica, int maxClusters) {
    return transactions.call(
        em -> {
          prepare(em);
          Optional<Long> known = find(em, tenant, cluster);
          if (known.isPresent()) {
            return known;
          }
          // One at a time, so that the clusters are counted exactly.
          em.createNativeQuery(
                  "SELECT 1 FROM (SELECT"
                      + " pg_advisory_xact_lock(_prom_catalog.lock_key('ha clusters'))) l")
              .getSingleResult();
          if (count(em, tenant) >= maxClusters) {
            return find(em, tenant, cluster);
          }
          em.createNativeQuery(
                  "INSERT INTO _prom_catalog.ha_cluster (tenant_id, cluster) VALUES (:tenant,"
                      + " :cluster) ON CONFLICT DO NOTHING")
              .setParameter("tenant", tenant)
              .setParameter("cluster", cluster)
              .executeUpdate();
          firstTerm(em, tenant, cluster, replica);
          return find(em, tenant, cluster);
        });
  }

  private static Optional<Long> find(EntityManager em, int tenant, String cluster) {
    List<?> ids =
        em.createNativeQuery(
                "SELECT l.cluster_id FROM _prom_catalog.ha_lease l JOIN _prom_catalog.ha_cluster c"
                    + " USING (cluster_id) WHERE c.tenant_id = :tenant AND c.cluster = :cluster")
            .setParameter("tenant", tenant)
            .setParameter("cluster", cluster)
            .getResultList();
    return ids.isEmpty() ? Optional.empty() : Optional.of(number(ids.get(0)));
  }

  private static long count(EntityManager em, int tenant) {
    return number(
        em.createNativeQuery(
                "SELECT count(*) FROM _prom_catalog.ha_cluster WHERE tenant_id = :tenant")
            .setParameter("tenant", tenant)
            .getSingleResult());
  }

  private static void firstTerm(EntityManager em, int tenant, String cluster, String replica) {
    em.createNativeQuery(
            "WITH elected AS (INSERT INTO _prom_catalog.ha_lease (cluster_id, term, leader, fence)"
                + " SELECT cluster_id, 1, :replica, gen_random_uuid() FROM _prom_catalog.ha_cluster"
                + " WHERE tenant_id = :tenant AND cluster = :cluster ON CONFLICT DO NOTHING"
                + " RETURNING cluster_id, leader) INSERT INTO _prom_catalog.ha_term (cluster_id,"
                + " term, leader, cause) SELECT cluster_id, 1, leader, 'first' FROM elected")
        .setParameter("replica", replica)
        .setParameter("tenant", tenant)
        .setParameter("cluster", cluster)
        .executeUpdate();
  }

  /** Makes another replica the leader; tells whether it leads through this call. */
  boolean takeOver(ClusterState seen, LeaderChange wish) {
    return transactions.call(
        em -> {
          prepare(em);
          ClusterLease lease = lock(em, seen.clusterId());
          if (lease == null || !lease.fence().equals(seen.lease().fence())) {
            return false;
          }
          ClusterState locked = seen.withProgress(lockedProgress(em, lease));
          Optional<Takeover> takeover = Takeover.decide(seen, locked, wish);
          takeover.ifPresent(t -> change(em, lease, locked, t, wish));
          return takeover.isPresent();
        });
  }

  /** Locks the lease row; null if the database knows no such cluster. */
  static @Nullable ClusterLease lock(EntityManager em, long clusterId) {
    return em.find(ClusterLease.class, clusterId, LockModeType.PESSIMISTIC_WRITE);
  }

  /** Locks all lanes and reads how far the leader has come. */
  static Progress lockedProgress(EntityManager em, ClusterLease lease) {
    UUID fence = lease.fence();
    long frontier = millis(lease.baseFrontier());
    long last = millis(lease.baseLast());
    long commits = lease.baseCommits();
    for (Object row :
        em.createNativeQuery(LANES).setParameter("cluster", lease.clusterId()).getResultList()) {
      Object[] lane = (Object[]) row;
      commits += number(lane[3]);
      if (fence.toString().equals(lane[0])) {
        frontier = Math.max(frontier, lane[1] == null ? Lease.NO_TIME : number(lane[1]));
        last = Math.max(last, lane[2] == null ? Lease.NO_TIME : number(lane[2]));
      }
    }
    return new Progress(frontier, last, 0, commits, Lease.NO_TIME);
  }

  /** Begins the new term, on locked rows. */
  static void change(
      EntityManager em,
      ClusterLease lease,
      ClusterState locked,
      Takeover takeover,
      LeaderChange wish) {
    long id = lease.clusterId();
    UUID before = lease.fence();
    lease.lead(
        takeover.winner(),
        LeaseSql.instant(takeover.boundaryMs()),
        LeaseSql.instant(takeover.sealMs()),
        locked.progress().commits());
    em.flush();
    update(
        em.createNativeQuery(
                "UPDATE _prom_catalog.ha_lease SET looked_at = clock_timestamp(), gaps_ms = '{}',"
                    + " burst_at = NULL, cadence_ms = NULL, patched_since = NULL, patched_at ="
                    + " NULL WHERE cluster_id = :cluster")
            .setParameter("cluster", id));
    update(
        em.createNativeQuery(
                "UPDATE _prom_catalog.ha_term SET ends = _prom_catalog.data_time(:boundary) WHERE"
                    + " cluster_id = :cluster AND ends IS NULL")
            .setParameter("boundary", takeover.boundaryMs())
            .setParameter("cluster", id));
    update(
        em.createNativeQuery(
                "INSERT INTO _prom_catalog.ha_term (cluster_id, term, leader, starts, cause,"
                    + " actor, reason, silence_ms, last_commit, decided_at) VALUES (:cluster,"
                    + " :term, :leader, nullif(_prom_catalog.data_time(:boundary), '-infinity'),"
                    + " :cause, CAST(:actor AS text), CAST(:reason AS text), :silence, (SELECT"
                    + " max(committed_at) FROM _prom_catalog.ha_progress WHERE cluster_id = :cluster"
                    + " AND fence = CAST(:before AS uuid)), clock_timestamp())")
            .setParameter("cluster", id)
            .setParameter("term", lease.term())
            .setParameter("leader", takeover.winner())
            .setParameter("boundary", takeover.boundaryMs())
            .setParameter("cause", wish.cause().text())
            .setParameter("actor", wish.actor())
            .setParameter("silence", locked.lease().silence().millis())
            .setParameter("before", before.toString())
            .setParameter("reason", wish.reason()));
    update(
        em.createNativeQuery(
                "UPDATE _prom_catalog.ha_patch SET open_until = clock_timestamp() WHERE cluster_id"
                    + " = :cluster AND open_until = 'infinity'")
            .setParameter("cluster", id));
    if (takeover.boundaryMs() != Lease.NO_TIME) {
      update(
          em.createNativeQuery(
                  "INSERT INTO _prom_catalog.ha_patch (cluster_id, replica, starts, ends, cause,"
                      + " opens_at, open_until) VALUES (:cluster, :replica,"
                      + " _prom_catalog.data_time(:starts), _prom_catalog.data_time(:ends),"
                      + " :why, clock_timestamp() + :wait * interval '1 millisecond',"
                      + " 'infinity')")
              .setParameter("cluster", id)
              .setParameter("replica", takeover.winner())
              .setParameter("starts", takeover.patchStartMs())
              .setParameter("ends", takeover.boundaryMs())
              .setParameter("why", wish.cause().isAutomatic() ? "takeover" : "hand-over")
              .setParameter("wait", takeover.patchWaitMs()));
    }
    // The new leader's frontier begins at the boundary, on every lane.
    update(
        em.createNativeQuery(
                "UPDATE _prom_catalog.ha_progress SET fence = CAST(:fence AS uuid), frontier ="
                    + " nullif(_prom_catalog.data_time(:boundary), '-infinity'), last ="
                    + " nullif(_prom_catalog.data_time(:boundary), '-infinity'), lag_ms = 0,"
                    + " committed_at = NULL, registered_at = clock_timestamp() WHERE cluster_id ="
                    + " :cluster")
            .setParameter("fence", lease.fence().toString())
            .setParameter("boundary", takeover.boundaryMs())
            .setParameter("cluster", id));
  }

  /** Adds up lanes that are gone. */
  void foldLanes(long clusterId) {
    transactions.call(
        em -> {
          prepare(em);
          ClusterLease lease = lock(em, clusterId);
          if (lease == null) {
            return 0;
          }
          List<?> gone =
              em.createNativeQuery(
                      "DELETE FROM _prom_catalog.ha_progress WHERE cluster_id = :cluster AND"
                          + " greatest(committed_at, registered_at) < clock_timestamp() - interval"
                          + " '10 minutes' RETURNING CAST(fence AS text),"
                          + " _prom_catalog.data_ms(frontier), _prom_catalog.data_ms(last), commits")
                  .setParameter("cluster", clusterId)
                  .getResultList();
          for (Object row : gone) {
            Object[] lane = (Object[]) row;
            boolean current = lease.fence().toString().equals(lane[0]);
            lease.fold(
                current && lane[1] != null ? LeaseSql.instant(number(lane[1])) : null,
                current && lane[2] != null ? LeaseSql.instant(number(lane[2])) : null,
                number(lane[3]));
          }
          return gone.size();
        });
  }

  /** Sets what the transaction that begins with it may cost others. */
  static void prepare(EntityManager em) {
    // Hibernate sends no lock time-out to PostgreSQL; a lost change of leader must not be possible.
    update(em.createNativeQuery("SET LOCAL lock_timeout = '2s'"));
    // Those who wait for the lease give up after that time, so nobody would end a frozen session.
    update(em.createNativeQuery("SET LOCAL idle_in_transaction_session_timeout = '5s'"));
    update(em.createNativeQuery("SET LOCAL synchronous_commit = on"));
  }

  private static int update(Query query) {
    return query.executeUpdate();
  }

  static long number(Object value) {
    return ((Number) value).longValue();
  }

  static long millis(java.time.@Nullable Instant time) {
    return time == null ? Lease.NO_TIME : time.toEpochMilli();
  }
}
