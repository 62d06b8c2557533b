package org.promscale.ha;

/**
 * What is known of a replica.
 *
 * @param replica its name
 * @param lastSeenMs wall time of its last request
 * @param newestMs newest data time it sent, at most five seconds ahead of wall time; {@link
 *     Lease#NO_TIME} if it sent none
 */
public record Sighting(String replica, long lastSeenMs, long newestMs) {

  /** Returns what is known of this replica from two who have seen it. */
  public Sighting and(Sighting other) {
    return new Sighting(
        replica, Math.max(lastSeenMs, other.lastSeenMs), Math.max(newestMs, other.newestMs));
  }
}
