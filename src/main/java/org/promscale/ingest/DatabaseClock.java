package org.promscale.ingest;

/** What is known of the database server's clock. Thread-safe, from memory, never blocks. */
@FunctionalInterface
public interface DatabaseClock {

  /** Returns how far the database's clock is ahead of ours, in milliseconds; 0 while unknown. */
  long aheadMs();
}
