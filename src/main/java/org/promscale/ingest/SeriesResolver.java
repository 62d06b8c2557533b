package org.promscale.ingest;

/** Answers from memory which id a series has. Thread-safe, never blocks, does no I/O. */
@FunctionalInterface
public interface SeriesResolver {

  /**
   * Returns the id of the series with this keyed hash of its canonical label set, or {@link
   * org.promscale.model.SeriesTable#UNKNOWN_ID} if it is not in memory.
   */
  long resolve(long hashHigh, long hashLow);
}
