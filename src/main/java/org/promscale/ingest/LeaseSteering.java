package org.promscale.ingest;

import org.promscale.ha.ClusterState;
import org.promscale.ha.SteeringOrder;
import org.promscale.ha.SteeringRuling;

/**
 * What operators do to leases, where all connectors see it. Every call may block and is one
 * transaction, in which the decision is made and recorded. Calls fail with {@link IngestFailure}
 * UNAVAILABLE; then nothing was done, or it cannot be said. Thread-safe.
 */
public interface LeaseSteering {

  /**
   * Carries out an order, unless leadership is no longer what it was based on or the rules are
   * against it. What is carried out is recorded with its actor and reason.
   *
   * @param seen the cluster as it was read just now, with all its replicas
   * @param timeoutMs the cluster's timeout
   */
  SteeringRuling steer(ClusterState seen, SteeringOrder order, long timeoutMs);

  /**
   * Makes the pinned replica the leader again, unless the lease is no longer what was seen or it is
   * pinned no more.
   *
   * @return whether it leads now through this call
   */
  boolean bringBack(ClusterState seen, String replica);
}
