package org.promscale.ingest;

/** Hears what the writers do. Called on writer threads; must not block. */
public interface BatchListener {

  /** Hears nothing. */
  BatchListener NONE = new BatchListener() {};

  /**
   * A transaction was committed.
   *
   * @param requests requests in it
   * @param samples sample rows that are new
   * @param duplicates sample rows that were there before
   * @param nanos time from taking the batch to the end of the commit
   */
  default void committed(int requests, long samples, long duplicates, long nanos) {}

  /** A transaction failed, for the named reason, and its requests were told to come back. */
  default void failed(String sqlState) {}

  /** Series were registered in the catalog. */
  default void registered(int series) {}

  /** A batch was tried again inside: deadlock, serialization failure or duplicates. */
  default void retried() {}
}
