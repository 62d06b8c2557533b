package org.promscale.storage;

import jakarta.persistence.EntityManager;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.Lease;
import org.promscale.ha.Progress;
import org.promscale.ha.Sighting;
import org.promscale.ha.Steering;
import org.promscale.ha.SteeringOrder;
import org.promscale.ha.SteeringRules;
import org.promscale.ha.SteeringRuling;
import org.promscale.ha.Takeover;
import org.promscale.ingest.LeaseSteering;

/**
 * What operators do to leases. Each order is a transition like any change of leader: the lease row
 * is locked first, then all lanes; the rules decide on what is found there, and what is done is
 * recorded in the same transaction. Thread-safe.
 */
final class PgLeaseSteering implements LeaseSteering {

  private final LeaseTransactions transactions;

  PgLeaseSteering(LeaseTransactions transactions) {
    this.transactions = transactions;
  }

  @Override
  public SteeringRuling steer(ClusterState seen, SteeringOrder order, long timeoutMs) {
    return transactions.call(
        em -> {
          LeaseTransitions.prepare(em);
          ClusterLease lease = LeaseTransitions.lock(em, seen.clusterId());
          if (lease == null) {
            return SteeringRuling.unknown("no cluster " + seen.cluster());
          }
          ClusterState locked = locked(em, lease, seen);
          SteeringRuling ruling = SteeringRules.rule(seen.lease(), locked, order, timeoutMs);
          if (ruling.outcome() == SteeringRuling.Outcome.DONE) {
            lead(em, lease, locked, ruling.change());
            mark(em, locked, order);
            record(em, lease, order, locked.nowMs());
          }
          return ruling;
        });
  }

  @Override
  public boolean bringBack(ClusterState seen, String replica) {
    return transactions.call(
        em -> {
          LeaseTransitions.prepare(em);
          ClusterLease lease = LeaseTransitions.lock(em, seen.clusterId());
          if (lease == null || !lease.fence().equals(seen.lease().fence())) {
            return false;
          }
          ClusterState locked = locked(em, lease, seen);
          Steering steering = locked.steering();
          if (!replica.equals(steering.pinnedAt(locked.nowMs()))
              || steering.drained().contains(replica)) {
            return false;
          }
          lead(em, lease, locked, pinnedBy(em, lease.clusterId(), replica));
          return true;
        });
  }

  /** Returns the change in the name of whoever pinned the replica. */
  private static LeaderChange pinnedBy(EntityManager em, long clusterId, String replica) {
    List<?> pins =
        em.createNativeQuery(
                "SELECT actor, reason FROM _prom_catalog.ha_action WHERE cluster_id = :cluster AND"
                    + " action = 'pin' AND replica = :replica ORDER BY at DESC LIMIT 1")
            .setParameter("cluster", clusterId)
            .setParameter("replica", replica)
            .getResultList();
    if (pins.isEmpty()) {
      return LeaderChange.automatic(replica, LeaderChange.Cause.PINNED);
    }
    Object[] pin = (Object[]) pins.get(0);
    return new LeaderChange(replica, LeaderChange.Cause.PINNED, (String) pin[0], (String) pin[1]);
  }

  /** Waits for commits in flight and returns the cluster as nobody else can change it now. */
  private static ClusterState locked(EntityManager em, ClusterLease lease, ClusterState seen) {
    Progress counted = LeaseTransitions.lockedProgress(em, lease);
    Progress progress =
        new Progress(
            counted.frontierMs(),
            counted.lastMs(),
            seen.progress().lagMs(),
            counted.commits(),
            seen.progress().committedAtMs());
    Lease held =
        new Lease(
            lease.term(),
            lease.leader(),
            LeaseTransitions.millis(lease.starts()),
            LeaseTransitions.millis(lease.seal()),
            lease.fence(),
            seen.lease().silence(),
            seen.lease().gapsMs(),
            seen.lease().overrideMs());
    Object[] pin =
        (Object[])
            em.createNativeQuery(
                    "SELECT pinned, _prom_catalog.data_ms(coalesce(pinned_until, 'infinity')),"
                        + " _prom_catalog.data_ms(clock_timestamp()) FROM _prom_catalog.ha_lease"
                        + " WHERE cluster_id = :cluster")
                .setParameter("cluster", lease.clusterId())
                .getSingleResult();
    // What others have noted lately, and what this connector saw itself.
    Map<String, Sighting> replicas = new HashMap<>();
    seen.sightings().forEach(s -> replicas.put(s.replica(), s));
    Set<String> drained = new HashSet<>();
    for (Object row :
        em.createNativeQuery(
                "SELECT replica, _prom_catalog.data_ms(last_seen),"
                    + " coalesce(_prom_catalog.data_ms(newest), :none), drained FROM"
                    + " _prom_catalog.ha_sighting WHERE cluster_id = :cluster")
            .setParameter("none", Lease.NO_TIME)
            .setParameter("cluster", lease.clusterId())
            .getResultList()) {
      Object[] noted = (Object[]) row;
      String replica = (String) noted[0];
      replicas.merge(
          replica,
          new Sighting(
              replica, LeaseTransitions.number(noted[1]), LeaseTransitions.number(noted[2])),
          Sighting::and);
      if ((Boolean) noted[3]) {
        drained.add(replica);
      }
    }
    return seen.locked(
        held,
        progress,
        replicas.values().stream().sorted(Comparator.comparing(Sighting::replica)).toList(),
        new Steering((String) pin[0], LeaseTransitions.number(pin[1]), drained),
        LeaseTransitions.number(pin[2]));
  }

  private static void lead(
      EntityManager em, ClusterLease lease, ClusterState locked, @Nullable LeaderChange change) {
    if (change != null && !change.winner().equals(lease.leader())) {
      Takeover.decide(locked, locked, change)
          .ifPresent(takeover -> LeaseTransitions.change(em, lease, locked, takeover, change));
    }
  }

  private static void mark(EntityManager em, ClusterState locked, SteeringOrder order) {
    switch (order.action()) {
      case HAND_OVER -> {}
      case PIN -> pin(em, locked, order.replica(), untilMs(order, locked.nowMs()));
      case UNPIN -> pin(em, locked, null, null);
      case DRAIN, UNDRAIN -> drain(em, locked, order);
    }
  }

  private static void pin(
      EntityManager em, ClusterState locked, @Nullable String replica, @Nullable Long untilMs) {
    em.createNativeQuery(
            "UPDATE _prom_catalog.ha_lease SET pinned = CAST(:replica AS text), pinned_until ="
                + " _prom_catalog.data_time(CAST(:until AS bigint)) WHERE cluster_id = :cluster")
        .setParameter("replica", replica)
        .setParameter("until", untilMs)
        .setParameter("cluster", locked.clusterId())
        .executeUpdate();
  }

  /** Nobody may have noted the replica yet. */
  private static void drain(EntityManager em, ClusterState locked, SteeringOrder order) {
    Sighting seen =
        locked.sightings().stream()
            .filter(s -> s.replica().equals(order.replica()))
            .findFirst()
            .orElseThrow();
    em.createNativeQuery(
            "INSERT INTO _prom_catalog.ha_sighting (cluster_id, replica, last_seen, newest,"
                + " drained) VALUES (:cluster, :replica, _prom_catalog.data_time(:seen),"
                + " nullif(_prom_catalog.data_time(:newest), '-infinity'), :drained) ON CONFLICT"
                + " (cluster_id, replica) DO UPDATE SET drained = excluded.drained")
        .setParameter("cluster", locked.clusterId())
        .setParameter("replica", seen.replica())
        .setParameter("seen", seen.lastSeenMs())
        .setParameter("newest", seen.newestMs())
        .setParameter("drained", order.action() == SteeringOrder.Action.DRAIN)
        .executeUpdate();
  }

  private static void record(
      EntityManager em, ClusterLease lease, SteeringOrder order, long nowMs) {
    boolean pins = order.action() == SteeringOrder.Action.PIN;
    em.createNativeQuery(
            "INSERT INTO _prom_catalog.ha_action (cluster_id, action, replica, actor, reason,"
                + " forced, expires, term) VALUES (:cluster, :action, CAST(:replica AS text),"
                + " :actor, :reason, :forced, _prom_catalog.data_time(CAST(:until AS bigint)),"
                + " :term)")
        .setParameter("cluster", lease.clusterId())
        .setParameter("action", order.action().text())
        .setParameter("replica", order.replica())
        .setParameter("actor", order.actor())
        .setParameter("reason", order.reason())
        .setParameter("forced", order.force())
        .setParameter("until", pins ? untilMs(order, nowMs) : null)
        .setParameter("term", lease.term())
        .executeUpdate();
  }

  private static @Nullable Long untilMs(SteeringOrder order, long nowMs) {
    long untilMs = order.pinnedUntilMs(nowMs);
    return untilMs == Long.MAX_VALUE ? null : Long.valueOf(untilMs);
  }
}
