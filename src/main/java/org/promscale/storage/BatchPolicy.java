package org.promscale.storage;

/**
 * How requests become transactions.
 *
 * @param writers transactions under way at once
 * @param queueBytes decoded bytes that may wait for a writer
 * @param rowsPerTransaction a transaction takes no further request once it has this many rows
 * @param idleMillis how long a writer that finds nothing waits for more before it gives its thread
 *     back; 0: not at all
 */
public record BatchPolicy(int writers, long queueBytes, int rowsPerTransaction, long idleMillis) {

  /** So many that the cost of a commit vanishes beside COPY; more would only add latency. */
  public static final int DEFAULT_ROWS = 50_000;

  /**
   * Longer than a sender under load takes from an answer to its next request: starting a task costs
   * a server's managed executor more CPU than storing a thousand rows does. Short enough that an
   * idle connector holds no threads.
   */
  public static final long DEFAULT_IDLE_MILLIS = 100;

  /** Makes a policy whose writers give their threads back at once. */
  public BatchPolicy(int writers, long queueBytes, int rowsPerTransaction) {
    this(writers, queueBytes, rowsPerTransaction, 0);
  }
}
