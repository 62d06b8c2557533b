package org.promscale.ha;

/**
 * What is known of a replica.
 *
 * @param replica its name
 * @param lastSeenMs wall time of its last request
 * @param newestMs newest data time it sent, at most five seconds ahead of wall time; {@link
 *     Lease#NO_TIME} if it sent none
 */
public record Sighting(String replica, long lastSeenMs, long newestMs) {}
