package org.promscale.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/** Bodies of every kind, under a cap of 300,000 bytes. */
class BodyReaderTest {

  private static final int CAP = 300_000;
  private static final int CHUNKED = -1;

  private final BufferPool pool = new BufferPool(4, 1 << 20);
  private long room;
  private long nanosBetweenReads;
  private long nanos;
  private final BodyReader reader = new BodyReader(CAP, pool, this::nanos);

  static List<Arguments> complete() {
    return List.of(
        argumentSet("empty, declared", 0, 0),
        argumentSet("empty, chunked", 0, CHUNKED),
        argumentSet("one byte", 1, 1),
        argumentSet("small, chunked", 1_000, CHUNKED),
        argumentSet("as large as the smallest buffer", 64 * 1024, 64 * 1024),
        argumentSet("as large as the smallest buffer, chunked", 64 * 1024, CHUNKED),
        argumentSet("larger, declared", 200_000, 200_000),
        argumentSet("larger, chunked", 200_000, CHUNKED),
        argumentSet("at the cap, declared", CAP, CAP),
        argumentSet("at the cap, chunked", CAP, CHUNKED));
  }

  @ParameterizedTest
  @MethodSource("complete")
  void readsTheWholeBody(int length, int declared) {
    byte[] sent = bytes(length);
    BodyReader.Body body = read(new Trickle(sent), declared);
    assertThat(Arrays.copyOf(body.buffer(), body.length())).isEqualTo(sent);
    assertThat(room).isGreaterThanOrEqualTo(length);
  }

  static List<Arguments> tooLarge() {
    return List.of(
        argumentSet("one byte over the cap, declared", CAP + 1, (long) CAP + 1),
        argumentSet("one byte over the cap, chunked", CAP + 1, -1L),
        argumentSet("without end, chunked", 10 * CAP, -1L),
        argumentSet("more than an int", 0, 1L << 40));
  }

  @ParameterizedTest
  @MethodSource("tooLarge")
  void refusesBodiesOverTheCap(int length, long declared) {
    IngestFailure failure = failure(new Trickle(bytes(length)), declared);
    assertThat(failure.kind()).isEqualTo(FailureKind.TOO_LARGE);
    assertThat(failure).hasMessageContaining("limit is " + CAP);
    assertThat(room).isLessThanOrEqualTo(CAP + 1);
  }

  @Test
  void declaredTooLargeIsRefusedWithoutReading() {
    Trickle in = new Trickle(bytes(10));
    failure(in, CAP + 1L);
    assertThat(in.reads).isZero();
    assertThat(room).isZero();
  }

  @Test
  void declaringMuchAndSendingNothingTakesLittleMemory() {
    int cap = 1 << 30;
    IngestFailure failure =
        catchThrowableOfType(
            IngestFailure.class,
            () ->
                new BodyReader(cap, pool, this::nanos)
                    .read(new Trickle(bytes(5)), cap, r -> room = r));
    assertThat(failure.kind()).isEqualTo(FailureKind.UNAVAILABLE);
    assertThat(room).isLessThanOrEqualTo(1 << 18);
  }

  /** The sender must keep what did not arrive in full. */
  @Test
  void bodyThatEndsEarlyIsRetried() {
    IngestFailure failure = failure(new Trickle(bytes(99)), 100);
    assertThat(failure.kind()).isEqualTo(FailureKind.UNAVAILABLE);
    assertThat(failure).hasMessageContaining("99 of 100 bytes");
  }

  @Test
  void bodyThatIsLongerThanDeclaredIsNotTaken() {
    assertThat(failure(new Trickle(bytes(101)), 100).kind()).isEqualTo(FailureKind.UNAVAILABLE);
  }

  @Test
  void brokenConnectionIsRetried() {
    Trickle in = new Trickle(bytes(1_000));
    in.breaksAfter = 500;
    assertThat(failure(in, 1_000).kind()).isEqualTo(FailureKind.UNAVAILABLE);
  }

  static List<Arguments> slow() {
    return List.of(
        argumentSet("done in 25 s", 248_000, 780L, ""),
        argumentSet("all at once after 9 s", 1_000, 9_000L, ""),
        argumentSet("less than 10 kB/s", CAP, 900L, "arrived in 10 s"),
        argumentSet("nothing for a long time after the first bytes", 9_000, 7_000L, "in 14 s"),
        argumentSet("fast enough, but without end", 10 * CAP, 500L, "arrived in 30 s"));
  }

  @ParameterizedTest
  @MethodSource("slow")
  void bodiesThatTrickleAreRetried(int length, long millisAtATime, String trouble) {
    nanosBetweenReads = millisAtATime * 1_000_000;
    Trickle in = new Trickle(bytes(length));
    BodyReader patient = new BodyReader(20 * CAP, pool, this::nanos);
    if (trouble.isEmpty()) {
      assertThat(patient.read(in, length, bytes -> room = bytes).length()).isEqualTo(length);
    } else {
      IngestFailure failure =
          catchThrowableOfType(
              IngestFailure.class, () -> patient.read(in, CHUNKED, bytes -> room = bytes));
      assertThat(failure.kind()).isEqualTo(FailureKind.UNAVAILABLE);
      assertThat(failure).hasMessageContaining(trouble);
      assertThat(pool.acquire(1)).as("its buffer went back").hasSizeGreaterThan(1);
    }
  }

  @Test
  void refusedRoomEndsTheReading() {
    Trickle in = new Trickle(bytes(CAP));
    IngestFailure full = new IngestFailure(FailureKind.OVERLOADED, "full");
    IngestFailure failure =
        catchThrowableOfType(
            IngestFailure.class,
            () ->
                reader.read(
                    in,
                    CHUNKED,
                    bytes -> {
                      if (bytes > 100_000) {
                        throw full;
                      }
                    }));
    assertThat(failure).isSameAs(full);
    assertThat(in.position).isLessThan(CAP);
  }

  @Test
  void poolKeepsSmallBuffersOnly() {
    BufferPool small = new BufferPool(1, 64 * 1024);
    byte[] kept = small.acquire(10);
    byte[] large = small.acquire(64 * 1024 + 1);
    small.release(large);
    small.release(kept);
    assertThat(small.acquire(1)).isSameAs(kept);
    assertThat(small.acquire(1)).isNotSameAs(kept);
  }

  private BodyReader.Body read(InputStream in, long declared) {
    return reader.read(in, declared, bytes -> room = bytes);
  }

  private long nanos() {
    return nanos;
  }

  private IngestFailure failure(InputStream in, long declared) {
    return catchThrowableOfType(IngestFailure.class, () -> read(in, declared));
  }

  private static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  /** Hands out bytes as a network does: fewer at a time than one asks for. */
  private final class Trickle extends InputStream {
    private final byte[] bytes;
    private int reads;
    private int position;
    private int breaksAfter = Integer.MAX_VALUE;

    Trickle(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public int read() {
      throw new UnsupportedOperationException();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      reads++;
      nanos += nanosBetweenReads;
      if (position >= breaksAfter) {
        throw new IOException("connection reset");
      }
      if (position == bytes.length) {
        return -1;
      }
      int count = Math.min(Math.min(length, 8_000 + reads % 7), bytes.length - position);
      System.arraycopy(bytes, position, target, offset, count);
      position += count;
      return count;
    }
  }
}
