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
   * @param maxBytes their bytes together; a single larger request is let in alone
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

  /** Returns the bytes that all writes inside take. */
  public long bytesInside() {
    return bytes.get();
  }

  /** The right to be inside; give it back by closing it. Used by one thread. */
  public final class Ticket implements AutoCloseable {

    private long held;
    private boolean closed;

    private Ticket() {}

    /**
     * Accounts for all bytes that the write takes from now on, before they are allocated or after
     * some were given back.
     *
     * @throws IngestFailure OVERLOADED if there is no room now; the sender retries
     */
    public void hold(long total) {
      long more = total - held;
      long after = bytes.addAndGet(more);
      if (more > 0 && after > maxBytes && after != total) {
        bytes.addAndGet(-more);
        throw new IngestFailure(
            FailureKind.OVERLOADED,
            "cannot take another write: the requests under way fill " + maxBytes + " bytes");
      }
      held = total;
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
