package org.promscale.ingest;

import java.util.Set;

/**
 * A batch was not stored because leadership changed since it was judged. Not a failure of the
 * request: judge it again. Nothing of the batch is stored, and it belongs to whoever handed it over
 * again, unchanged but for ids that were filled in.
 */
public final class LeaseChanged extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient Set<Long> clusterIds;

  /** Names the clusters whose leases must be read again. */
  public LeaseChanged(Set<Long> clusterIds) {
    super("leadership has changed", null, false, false);
    this.clusterIds = Set.copyOf(clusterIds);
  }

  /** Returns the clusters. */
  public Set<Long> clusterIds() {
    return clusterIds;
  }
}
