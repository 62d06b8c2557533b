package org.promscale.storage;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The lease row of one cluster: who leads it, in which term, under which fence. Only transitions
 * use it, under a pessimistic lock; rows stay inside {@code storage}, decisions are made on
 * immutable values taken from them.
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

  @Column private @Nullable Instant starts;
  @Column private @Nullable Instant seal;

  @Column(name = "base_frontier")
  private @Nullable Instant baseFrontier;

  @Column(name = "base_last")
  private @Nullable Instant baseLast;

  @Column(name = "base_commits", nullable = false)
  private long baseCommits;

  @Column(name = "silence_ms", nullable = false)
  private long silenceMs;

  @Column(name = "counter_seen", nullable = false)
  private long counterSeen;

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

  /** Returns the boundary with the term before, or null for a term without beginning. */
  public @Nullable Instant starts() {
    return starts;
  }

  /** Returns the data time up to which history is closed, or null. */
  public @Nullable Instant seal() {
    return seal;
  }

  @Nullable Instant baseFrontier() {
    return baseFrontier;
  }

  @Nullable Instant baseLast() {
    return baseLast;
  }

  long baseCommits() {
    return baseCommits;
  }

  /**
   * Begins a new term. The new leader's silence starts at zero.
   *
   * @param commits all commits so far, so that the next one is seen as a sign of life
   */
  void lead(String winner, @Nullable Instant boundary, @Nullable Instant newSeal, long commits) {
    term++;
    leader = winner;
    fence = UUID.randomUUID();
    starts = boundary;
    seal = newSeal;
    baseFrontier = boundary;
    baseLast = boundary;
    silenceMs = 0;
    counterSeen = commits;
  }

  /** Closes history up to this data time, unless it is closed beyond it already. */
  void seal(Instant newSeal) {
    fence = UUID.randomUUID();
    seal = later(seal, newSeal);
  }

  /** Takes over the progress of lanes that are gone. */
  void fold(@Nullable Instant frontier, @Nullable Instant last, long commits) {
    baseFrontier = later(baseFrontier, frontier);
    baseLast = later(baseLast, last);
    baseCommits += commits;
  }

  private static @Nullable Instant later(@Nullable Instant a, @Nullable Instant b) {
    return a == null || (b != null && b.isAfter(a)) ? b : a;
  }
}
