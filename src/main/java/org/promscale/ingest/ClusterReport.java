package org.promscale.ingest;

import org.promscale.ha.ClusterState;

/**
 * What a connector knows of a cluster, for people.
 *
 * @param state as it was read last, with the replicas that this connector saw itself
 * @param silenceMs how long the leader has been silent
 * @param timeoutMs after how much silence it is replaced
 * @param cadenceMs how often its data arrives; 0 while that is not known
 * @param ageNanos how old the reading is
 */
public record ClusterReport(
    ClusterState state, long silenceMs, long timeoutMs, long cadenceMs, long ageNanos) {}
