package org.promscale.wire;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/**
 * All request bodies that are on their way. Bounds their number and their memory: where there is no
 * room for all, those that trickle give way. Thread-safe, never blocks.
 */
public final class ArrivingBodies {

  /** What they may hold. */
  public record Limits(int bodyBytes, int bodies, long bytes) {

    /** Heap that the server itself needs for a request that waits for its body, about. */
    private static final int SERVERS_BYTES = 64 * 1024;

    /**
     * Returns the limits for a heap: an eighth of it for the servers' part, a sixteenth for bodies.
     *
     * @param bodyBytes the largest body
     */
    public static Limits of(int bodyBytes, long heapBytes) {
      return new Limits(
          bodyBytes, (int) Math.min(8_192, heapBytes / 8 / SERVERS_BYTES), heapBytes / 16);
    }
  }

  private final Limits limits;
  private final BufferPool pool;
  private final LongSupplier nanoClock;
  private final Runnable slow;
  private final Set<ArrivingBody> bodies = ConcurrentHashMap.newKeySet();
  private final AtomicInteger count = new AtomicInteger();

  // Each has half of the room, so that a few huge bodies do not push out all the others.
  private final AtomicLong smallBytes = new AtomicLong();
  private final AtomicLong largeBytes = new AtomicLong();

  private volatile boolean stopped;

  /** From here on a body counts among the large ones; what Prometheus sends is smaller. */
  private static final int LARGE = 1 << 20;

  /**
   * Makes an empty hall.
   *
   * @param pool where large buffers come from
   * @param nanoClock a clock that never jumps, in nanoseconds
   * @param slow told of each body that was ended because it trickled
   */
  public ArrivingBodies(Limits limits, BufferPool pool, LongSupplier nanoClock, Runnable slow) {
    this.limits = limits;
    this.pool = pool;
    this.nanoClock = nanoClock;
    this.slow = slow;
  }

  /**
   * A body begins.
   *
   * @param declaredLength the Content-Length, or -1 where the body is chunked
   * @throws IngestFailure TOO_LARGE if it says that it is over the cap; OVERLOADED if there is no
   *     room, so that the sender retries
   */
  public ArrivingBody begin(long declaredLength) {
    if (declaredLength > limits.bodyBytes()) {
      throw tooLarge(declaredLength + " bytes");
    }
    if (stopped) {
      throw new IngestFailure(FailureKind.UNAVAILABLE, "cannot take the request: stopping");
    }
    long now = nanoClock.getAsLong();
    if (count.get() >= limits.bodies() || smallBytes.get() > limits.bytes() / 4) {
      bodies.forEach(body -> body.giveWay(now));
    }
    if (count.incrementAndGet() > limits.bodies()) {
      count.decrementAndGet();
      throw new IngestFailure(
          FailureKind.OVERLOADED,
          "cannot take another write: " + limits.bodies() + " bodies are on their way");
    }
    ArrivingBody body = new ArrivingBody(this, declaredLength, now);
    bodies.add(body);
    return body;
  }

  /** Ends those that come too slowly; to be called about twice a second. */
  public void sweep() {
    long now = nanoClock.getAsLong();
    bodies.forEach(body -> body.judge(now));
  }

  /** Ends all, and lets no other begin. */
  public void stop() {
    stopped = true;
    bodies.forEach(ArrivingBody::stop);
  }

  /** Returns the number of bodies on their way. */
  public int count() {
    return count.get();
  }

  /** Returns the bytes of their buffers. */
  public long bytes() {
    return smallBytes.get() + largeBytes.get();
  }

  int capBytes() {
    return limits.bodyBytes();
  }

  long nowNanos() {
    return nanoClock.getAsLong();
  }

  void countSlow() {
    slow.run();
  }

  /**
   * Returns a larger buffer.
   *
   * @param wanted its bytes, which the body accounts for from now on
   * @param had the bytes that it has accounted for
   */
  byte[] acquire(int wanted, int had) {
    AtomicLong account = account(wanted);
    int more = account == account(had) ? wanted - had : wanted;
    long after = account.addAndGet(more);
    // A single large one is let in alone, as it could else never come through a small heap.
    if (after > limits.bytes() / 2 && (wanted <= LARGE || after != wanted)) {
      account.addAndGet(-more);
      throw new IngestFailure(
          FailureKind.OVERLOADED,
          "cannot take another write: the bodies on their way fill " + limits.bytes() + " bytes");
    }
    if (more == wanted) {
      account(had).addAndGet(-had);
    }
    return wanted < BufferPool.SMALLEST ? new byte[wanted] : pool.acquire(wanted);
  }

  private AtomicLong account(int bytes) {
    return bytes > LARGE ? largeBytes : smallBytes;
  }

  void release(byte[] buffer) {
    pool.release(buffer);
  }

  void leave(ArrivingBody body, int accounted) {
    bodies.remove(body);
    count.decrementAndGet();
    account(accounted).addAndGet(-accounted);
  }

  IngestFailure tooLarge(String size) {
    return new IngestFailure(
        FailureKind.TOO_LARGE,
        "cannot accept a request body of "
            + size
            + ": the limit is "
            + limits.bodyBytes()
            + "; lower max_samples_per_send at the sender");
  }
}
