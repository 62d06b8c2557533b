package org.promscale.wire;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/**
 * Reads a request body into memory, under a cap and in time: a body that trickles in holds a place
 * and a thread that other senders need. Thread-safe.
 */
public final class BodyReader {

  /** A body in a pooled buffer: the first {@code length} bytes of it. */
  @SuppressWarnings("ArrayRecordComponent") // a pair of results, never compared
  public record Body(byte[] buffer, int length) {}

  /** Room for a typical request; more only when that much has arrived. */
  private static final int FIRST_BYTES = 256 * 1024;

  private static final int FIRST_CHUNKED_BYTES = 64 * 1024;

  /** After this time a body must have come at the least rate. */
  private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final long LEAST_BYTES_A_SECOND = 10_000;

  /** Prometheus itself waits no longer for the answer. */
  private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final int capBytes;
  private final BufferPool pool;
  private final LongSupplier nanoClock;

  /**
   * Makes a reader.
   *
   * @param capBytes the largest body it takes
   * @param nanoClock a clock that never jumps, in nanoseconds
   */
  public BodyReader(int capBytes, BufferPool pool, LongSupplier nanoClock) {
    this.capBytes = capBytes;
    this.pool = pool;
    this.nanoClock = nanoClock;
  }

  /**
   * Reads the body to its end. Looks at the time whenever bytes have arrived; how long it waits for
   * the next ones is the server's read timeout.
   *
   * @param declaredLength the Content-Length, or -1 where the body is chunked
   * @param room called before memory is taken, with the bytes needed so far; may refuse
   * @throws IngestFailure TOO_LARGE if the body is, or says it is, over the cap (checked before
   *     memory is taken); UNAVAILABLE if the connection breaks half-way or the body comes too
   *     slowly, so that the sender retries
   */
  public Body read(InputStream in, long declaredLength, LongConsumer room) {
    long began = nanoClock.getAsLong();
    if (declaredLength > capBytes) {
      throw tooLarge(declaredLength + " bytes", capBytes);
    }
    // What a sender declares costs it nothing, so only bytes that arrive make the buffer grow.
    int first =
        declaredLength < 0 ? FIRST_CHUNKED_BYTES : (int) Math.min(declaredLength + 1, FIRST_BYTES);
    room.accept(first);
    byte[] buffer = pool.acquire(first);
    int length = 0;
    try {
      while (true) {
        int read = in.read(buffer, length, buffer.length - length);
        if (read < 0) {
          break;
        }
        length += read;
        long nanos = nanoClock.getAsLong() - began;
        if (isTooSlow(length, nanos)) {
          pool.release(buffer);
          throw new IngestFailure(
              FailureKind.UNAVAILABLE,
              "cannot wait for the request body: "
                  + length
                  + " bytes arrived in "
                  + TimeUnit.NANOSECONDS.toSeconds(nanos)
                  + " s; look at the network between");
        }
        if (length > capBytes) {
          pool.release(buffer);
          throw tooLarge("more than " + capBytes + " bytes", capBytes);
        }
        if (length == buffer.length) {
          int next = (int) Math.max(length + 1L, Math.min(length * 2L, capBytes + 1L));
          room.accept(next);
          byte[] larger = pool.acquire(next);
          System.arraycopy(buffer, 0, larger, 0, length);
          pool.release(buffer);
          buffer = larger;
        }
      }
    } catch (IOException e) {
      pool.release(buffer);
      throw new IngestFailure(
          FailureKind.UNAVAILABLE, "cannot read the request body: the connection broke", e);
    }
    if (declaredLength >= 0 && length != declaredLength) {
      pool.release(buffer);
      throw new IngestFailure(
          FailureKind.UNAVAILABLE,
          "cannot read the request body: " + length + " of " + declaredLength + " bytes arrived");
    }
    return new Body(buffer, length);
  }

  private static boolean isTooSlow(int length, long nanos) {
    return nanos > LONGEST_NANOS
        || (nanos > GRACE_NANOS
            && length < LEAST_BYTES_A_SECOND * TimeUnit.NANOSECONDS.toSeconds(nanos));
  }

  private static IngestFailure tooLarge(String size, int capBytes) {
    return new IngestFailure(
        FailureKind.TOO_LARGE,
        "cannot accept a request body of "
            + size
            + ": the limit is "
            + capBytes
            + "; lower max_samples_per_send at the sender");
  }
}
