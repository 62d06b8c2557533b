package org.promscale.ingest;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Lets in as many writes as there is room for, so that neither threads nor memory run out: others
 * are told to come back. Thread-safe, never blocks.
 */
public final class Admission {

  private final int maxWrites;
  private final long maxBytes;
  private final AtomicLong writes = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();

  /**
   * Makes an empty gate.
   *
   * @param maxWrites writes inside at once
   * @param maxBytes their decoded bytes together; a single larger request is let in alone
   */
  public Admission(int maxWrites, long maxBytes) {
    this.maxWrites = maxWrites;
    this.maxBytes = maxBytes;
  }

  /**
   * Lets a write in.
   *
   * @throws IngestFailure OVERLOADED if too many are inside; the sender retries
   */
  public Ticket enter() {
    if (writes.incrementAndGet() > maxWrites) {
      writes.decrementAndGet();
      throw new IngestFailure(
          FailureKind.OVERLOADED, "cannot take another write: " + maxWrites + " are waiting");
    }
    return new Ticket();
  }

  /** Returns the number of writes inside. */
  public long writesInside() {
    return writes.get();
  }

  /** Returns the decoded bytes of all writes inside. */
  public long bytesInside() {
    return bytes.get();
  }

  /** The right to be inside; give it back by closing it. Used by one thread. */
  public final class Ticket implements AutoCloseable {

    private long held;
    private boolean closed;

    private Ticket() {}

    /**
     * Accounts for decoded bytes before they are allocated.
     *
     * @throws IngestFailure OVERLOADED if there is no room now; the sender retries
     */
    public void reserve(long decodedBytes) {
      long after = bytes.addAndGet(decodedBytes);
      if (after > maxBytes && after != decodedBytes) {
        bytes.addAndGet(-decodedBytes);
        throw new IngestFailure(
            FailureKind.OVERLOADED,
            "cannot take another write: decoded requests fill " + maxBytes + " bytes");
      }
      held += decodedBytes;
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        bytes.addAndGet(-held);
        writes.decrementAndGet();
      }
    }
  }
}
