package org.promscale.ha;

import java.util.UUID;

/**
 * Under what a batch fills holes.
 *
 * @param clusterId number of the cluster
 * @param fence the token under which its samples were judged
 * @param patchId the patch that allows it, or 0 where the samples are of their sender's own term
 * @param leads whether the sender leads now: then the transaction is a sign of its life
 */
public record FillOrder(long clusterId, UUID fence, long patchId, boolean leads) {}
