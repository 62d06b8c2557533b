package org.promscale.ingest;

/** Partitions as they are when one holds all time and exists already. */
public final class EveryTimePrepared implements TimePartitions {

  @Override
  public boolean isKnown(long timestampMs) {
    return true;
  }

  @Override
  public long slotOf(long timestampMs) {
    return 0;
  }

  @Override
  public long retentionMs() {
    return Long.MAX_VALUE;
  }
}
