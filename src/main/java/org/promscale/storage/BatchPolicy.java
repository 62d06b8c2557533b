package org.promscale.storage;

/**
 * How requests become transactions.
 *
 * @param writers transactions under way at once
 * @param queueBytes decoded bytes that may wait for a writer
 * @param rowsPerTransaction a transaction takes no further request once it has this many rows
 */
public record BatchPolicy(int writers, long queueBytes, int rowsPerTransaction) {

  /** So many that the cost of a commit vanishes beside COPY; more would only add latency. */
  public static final int DEFAULT_ROWS = 50_000;
}
