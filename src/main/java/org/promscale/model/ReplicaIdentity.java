package org.promscale.model;

/**
 * Who sent a series: the values of the labels that name the cluster and the replica. Neither is
 * empty.
 *
 * @param cluster the group of identical senders
 * @param replica one of them
 */
public record ReplicaIdentity(String cluster, String replica) {}
