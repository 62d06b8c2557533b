package org.promscale.storage;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.UUID;

/**
 * The lease row of one cluster: who leads it, in which term, under which fence. Rows stay inside
 * {@code storage}; decisions are made on immutable values taken from them.
 */
@Entity
@Table(schema = "_prom_catalog", name = "ha_lease")
public class ClusterLease {

  @Id
  @Column(name = "cluster_id")
  private long clusterId;

  @Column(nullable = false)
  private long term;

  @Column(nullable = false)
  private String leader;

  @Column(nullable = false)
  private UUID fence;

  /** For JPA. */
  protected ClusterLease() {}

  /** Returns the cluster's id. */
  public long clusterId() {
    return clusterId;
  }

  /** Returns the number of the current term, from 1. */
  public long term() {
    return term;
  }

  /** Returns the replica that leads the term. */
  public String leader() {
    return leader;
  }

  /** Returns the token that changes with leader, start or seal. */
  public UUID fence() {
    return fence;
  }
}
