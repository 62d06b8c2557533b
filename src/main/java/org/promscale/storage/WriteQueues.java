package org.promscale.storage;

/**
 * The two ways into the database: what is stored in bulk, and what may only fill holes, which is
 * slower and must not hold up the first. Thread-safe.
 *
 * @param storing takes what is stored in bulk
 * @param filling takes what may only fill holes
 */
public record WriteQueues(SampleBatcher storing, SampleBatcher filling) {

  /**
   * Takes no more requests and waits until those it has are committed or refused.
   *
   * @param millis how long to wait at most for each
   * @return whether both were drained in time
   */
  public boolean close(long millis) throws InterruptedException {
    boolean stored = storing.close(millis);
    return filling.close(millis / 2) && stored;
  }

  /** Returns the decoded bytes that wait for a writer. */
  public long queuedBytes() {
    return storing.queuedBytes() + filling.queuedBytes();
  }

  /** Returns the number of requests that wait for a writer. */
  public int queuedRequests() {
    return storing.queuedRequests() + filling.queuedRequests();
  }
}
