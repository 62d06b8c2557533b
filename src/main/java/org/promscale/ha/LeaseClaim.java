package org.promscale.ha;

import java.util.UUID;

/**
 * What a batch to be stored claims about a cluster: its sender leads under this fence. Checked as
 * the last statement of the storing transaction.
 *
 * @param clusterId number of the cluster
 * @param fence the token that must still be there
 * @param newestMs newest data time in the batch, {@link Lease#NO_TIME} if nothing in it moves the
 *     frontier
 * @param lagMs the cluster's worst lag behind the frontier, to be noted
 */
public record LeaseClaim(long clusterId, UUID fence, long newestMs, long lagMs) {

  /** Returns what two batches of one transaction claim together. */
  public LeaseClaim and(LeaseClaim other) {
    return new LeaseClaim(
        clusterId, fence, Math.max(newestMs, other.newestMs), Math.max(lagMs, other.lagMs));
  }
}
