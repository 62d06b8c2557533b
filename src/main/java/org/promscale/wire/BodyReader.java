package org.promscale.wire;

import java.io.IOException;
import java.io.InputStream;
import java.util.function.LongConsumer;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/** Reads a request body into memory under a cap. Stateless. */
public final class BodyReader {

  /** A body in a pooled buffer: the first {@code length} bytes of it. */
  @SuppressWarnings("ArrayRecordComponent") // a pair of results, never compared
  public record Body(byte[] buffer, int length) {}

  /** Room for a typical request; more only when that much has arrived. */
  private static final int FIRST_BYTES = 256 * 1024;

  private static final int FIRST_CHUNKED_BYTES = 64 * 1024;

  private BodyReader() {}

  /**
   * Reads the body to its end.
   *
   * @param declaredLength the Content-Length, or -1 where the body is chunked
   * @param room called before memory is taken, with the bytes needed so far; may refuse
   * @throws IngestFailure TOO_LARGE if the body is, or says it is, over the cap (checked before
   *     memory is taken); UNAVAILABLE if the connection breaks half-way, so that the sender retries
   */
  public static Body read(
      InputStream in, long declaredLength, int capBytes, BufferPool pool, LongConsumer room) {
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
