package org.promscale.ingest;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.LeaseClaim;
import org.promscale.ha.Standing;
import org.promscale.model.ReplicaIdentity;

/** Who leads which cluster, as far as this connector knows. Thread-safe, never blocks. */
public interface Leadership {

  /**
   * Returns how replicas stand in their clusters: from memory where the cluster is known. A cluster
   * that nobody knows gets its first leader, the first of its replicas that is asked about.
   *
   * @param replicas replicas of which there is data to judge; null where there is none
   * @return a standing for each, in the same order; null where none was asked for, or where the
   *     tenant has as many clusters as it may have. Fails with {@link IngestFailure} UNAVAILABLE.
   */
  CompletionStage<List<@Nullable Standing>> standings(
      int tenant, List<@Nullable ReplicaIdentity> replicas);

  /**
   * A request of a replica has arrived, whatever becomes of it.
   *
   * @param newestMs its newest sample, or {@link org.promscale.ha.Lease#NO_TIME}
   */
  void saw(Standing standing, long newestMs);

  /** Returns the claim with the worst lag of the last minutes instead of its own. */
  LeaseClaim withWorstLag(LeaseClaim claim);

  /**
   * Reads the leases of these clusters again.
   *
   * @return fails with {@link IngestFailure} UNAVAILABLE
   */
  CompletionStage<Void> refresh(Set<Long> clusterIds);
}
