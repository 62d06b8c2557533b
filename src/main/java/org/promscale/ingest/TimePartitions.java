package org.promscale.ingest;

/** Which stretches of time storage is prepared for. Thread-safe, from memory, never blocks. */
public interface TimePartitions {

  /** Tells whether a row of this time, in milliseconds since 1970, needs no new partition. */
  boolean isKnown(long timestampMs);

  /** Returns the number of the partition that holds this time. */
  long slotOf(long timestampMs);

  /**
   * Returns how long the samples that are kept longest are kept, in milliseconds; {@link
   * Long#MAX_VALUE} if any are kept for ever. May be some minutes old.
   */
  long retentionMs();
}
