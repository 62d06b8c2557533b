package org.promscale.ha;

/**
 * How far the leader's data is durably stored, over all lanes of all connectors that store under
 * the current fence.
 *
 * @param frontierMs newest committed data time, clamped to wall time + 5 s when it was committed;
 *     {@link Lease#NO_TIME} before the first commit
 * @param lastMs newest committed data time, exact; {@link Lease#NO_TIME} before the first commit
 * @param lagMs how far requests of the leader were behind its frontier at the worst, in the last
 *     five minutes
 * @param commits number of commits ever; only its change means something
 * @param committedAtMs wall time of the newest commit; {@link Lease#NO_TIME} if there was none
 */
public record Progress(
    long frontierMs, long lastMs, long lagMs, long commits, long committedAtMs) {}
