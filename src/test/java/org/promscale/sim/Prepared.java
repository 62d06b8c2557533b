package org.promscale.sim;

import org.promscale.ingest.TimePartitions;

/** Partitions for all times, in one slot. */
final class Prepared implements TimePartitions {

  @Override
  public boolean isKnown(long timestampMs) {
    return true;
  }

  @Override
  public long slotOf(long timestampMs) {
    return 0;
  }
}
