package org.promscale.ingest;

/** Answers from memory which id a series has. Thread-safe, never blocks, does no I/O. */
@FunctionalInterface
public interface SeriesResolver {

  /**
   * Returns the id of the series with this keyed hash of its canonical label set, or {@link
   * org.promscale.model.SeriesTable#UNKNOWN_ID} if it is not in memory.
   */
  long resolve(long hashHigh, long hashLow);

  /**
   * Returns a number that grows whenever memory is emptied because its ids were not to be trusted
   * any more. Whoever keeps an id reads this before asking for it, and the id is as old as that.
   */
  default long epoch() {
    return 0;
  }
}
