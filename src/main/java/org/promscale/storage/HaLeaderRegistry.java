package org.promscale.storage;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.persistence.EntityManager;
import jakarta.persistence.PersistenceContext;

/**
 * The one door to leadership: it owns the lease rows and every transition of them. Thread-safe.
 *
 * <p>Elections come with high availability itself; so far the registry can only tell how many
 * clusters have a leader, which proves at each start that the lease's mapping fits the schema.
 */
@ApplicationScoped
public class HaLeaderRegistry {

  @PersistenceContext(unitName = "promscale")
  private EntityManager entityManager;

  /** Returns the number of clusters that have a leader. Asks the database. */
  public long clustersWithLeader() {
    return entityManager
        .createQuery("SELECT count(l) FROM ClusterLease l", Long.class)
        .getSingleResult();
  }
}
