package org.promscale.storage;

/**
 * How requests become transactions.
 *
 * @param writers transactions under way at once
 * @param queueBytes decoded bytes that may wait for a writer
 * @param rowsPerTransaction a transaction takes no further request once it has this many rows
 */
public record BatchPolicy(int writers, long queueBytes, int rowsPerTransaction) {

  /** Rows per transaction that showed the best rate; more only adds latency. */
  public static final int DEFAULT_ROWS = 50_000;
}
