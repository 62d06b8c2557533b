package org.promscale.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/** Bodies of every kind, under a cap of 300,000 bytes. Whatever becomes of them, nothing stays. */
class ArrivingBodyTest {

  private static final int CAP = 300_000;
  private static final int CHUNKED = -1;

  private long nanos;
  private int slow;
  private final ArrivingBodies bodies =
      new ArrivingBodies(
          new ArrivingBodies.Limits(CAP, 10, 2_000_000),
          new BufferPool(4, 1 << 20),
          () -> nanos,
          () -> slow++);
  private final List<IngestFailure> told = new ArrayList<>();

  @AfterEach
  void nothingStays() {
    assertThat(bodies.count()).isZero();
    assertThat(bodies.bytes()).isZero();
  }

  static List<Arguments> complete() {
    return List.of(
        argumentSet("empty, declared", 0, 0),
        argumentSet("empty, chunked", 0, CHUNKED),
        argumentSet("one byte", 1, 1),
        argumentSet("small, chunked", 1_000, CHUNKED),
        argumentSet("as large as the smallest pooled buffer", 64 * 1024, 64 * 1024),
        argumentSet("as large as the smallest pooled buffer, chunked", 64 * 1024, CHUNKED),
        argumentSet("larger, declared", 200_000, 200_000),
        argumentSet("larger, chunked", 200_000, CHUNKED),
        argumentSet("at the cap, declared", CAP, CAP),
        argumentSet("at the cap, chunked", CAP, CHUNKED));
  }

  @ParameterizedTest
  @MethodSource("complete")
  void collectsTheWholeBody(int length, int declared) {
    byte[] sent = bytes(length);
    ArrivingBody body = begin(declared);
    Network in = new Network(sent);
    int completions = 0;
    while (in.arrives(8_000)) {
      completions += body.take(in, in::isReady) ? 1 : 0;
      assertThat(bodies.bytes()).isLessThanOrEqualTo(Math.max(2_048, 4L * in.arrived));
    }
    completions += body.end() ? 1 : 0;
    assertThat(completions).as("only once").isEqualTo(1);
    assertThat(body.failure()).isNull();
    ArrivingBody.Body whole = body.takeOver();
    assertThat(Arrays.copyOf(whole.buffer(), whole.length())).isEqualTo(sent);
    assertThat(told).isEmpty();
  }

  static List<Arguments> tooLarge() {
    return List.of(
        argumentSet("one byte over the cap", CAP + 1), argumentSet("without end", 10 * CAP));
  }

  @ParameterizedTest
  @MethodSource("tooLarge")
  void chunksOverTheCapAreRefused(int length) {
    ArrivingBody body = begin(CHUNKED);
    Network in = new Network(bytes(length));
    while (in.arrives(8_000)) {
      assertThat(body.take(in, in::isReady)).isFalse();
      assertThat(bodies.bytes()).isLessThanOrEqualTo(CAP + 1);
    }
    assertFailed(body, FailureKind.TOO_LARGE, "limit is " + CAP);
    assertThat(in.taken).as("not read on").isLessThanOrEqualTo(CAP + 8_000);
  }

  static List<Long> declaredTooLarge() {
    return List.of(CAP + 1L, 10_000_000_000L, Long.MAX_VALUE);
  }

  @ParameterizedTest
  @MethodSource("declaredTooLarge")
  void whatDeclaresItselfTooLargeDoesNotBegin(long declared) {
    IngestFailure failure = catchThrowableOfType(IngestFailure.class, () -> bodies.begin(declared));
    assertThat(failure.kind()).isEqualTo(FailureKind.TOO_LARGE);
    assertThat(failure).hasMessageContaining("limit is " + CAP);
  }

  @Test
  void emptyBodyIsCompleteAtTheFirstLook() {
    ArrivingBody body = begin(0);
    Network in = new Network(bytes(0));
    assertThat(body.take(in, in::isReady)).isTrue();
    assertThat(body.takeOver().length()).isZero();
  }

  @Test
  void declaringMuchAndSendingNothingTakesNoMemory() {
    ArrivingBody body = begin(CAP);
    Network in = new Network(bytes(5));
    body.take(in, in::isReady);
    assertThat(bodies.bytes()).isZero();
    in.arrives(5);
    body.take(in, in::isReady);
    assertThat(bodies.bytes()).isEqualTo(2_048);
    body.giveUp();
  }

  /** The sender must keep what did not arrive in full. */
  @Test
  void bodyThatEndsEarlyIsRetried() {
    ArrivingBody body = begin(100);
    take(body, 99);
    assertThat(body.end()).isFalse();
    assertFailed(body, FailureKind.UNAVAILABLE, "99 of 100 bytes");
  }

  @Test
  void brokenConnectionIsRetried() {
    ArrivingBody body = begin(1_000);
    Network in = new Network(bytes(1_000));
    in.arrives(500);
    in.breaks = true;
    body.take(in, in::isReady);
    body.broke(new IOException("told twice"));
    assertFailed(body, FailureKind.UNAVAILABLE, "the connection broke");
  }

  @Test
  void serverThatGivesUpIsRetried() {
    ArrivingBody body = begin(1_000);
    body.broke(new IOException());
    body.broke(new IOException());
    assertFailed(body, FailureKind.UNAVAILABLE, "the connection broke");
  }

  static List<Arguments> paces() {
    return List.of(
        argumentSet("done in 25 s", 248_000, 780L, ""),
        argumentSet("all at once after 9 s", 8_000, 9_000L, ""),
        argumentSet("less than 10 kB/s", CAP, 900L, "arrived in 10 s"),
        argumentSet("nothing for a long time after the first bytes", 9_000, 7_000L, "in 14 s"),
        argumentSet("nothing at all", 0, 11_000L, "0 bytes arrived in 11 s"),
        argumentSet("fast enough, but without end", 10 * CAP, 500L, "arrived in 30 s"));
  }

  @ParameterizedTest
  @MethodSource("paces")
  void bodiesThatTrickleAreRetried(int length, long millisAtATime, String trouble) {
    ArrivingBodies patient =
        new ArrivingBodies(
            new ArrivingBodies.Limits(20 * CAP, 10, 20 * CAP * 2L),
            new BufferPool(4, 1 << 20),
            () -> nanos,
            () -> slow++);
    ArrivingBody body = patient.begin(trouble.isEmpty() ? length : CHUNKED);
    body.whenFailed(told::add);
    Network in = new Network(bytes(length));
    boolean complete = false;
    while (!complete && body.failure() == null) {
      nanos += millisAtATime * 1_000_000;
      in.arrives(8_000);
      complete = body.take(in, in::isReady);
      patient.sweep();
    }
    if (complete) {
      assertThat(body.takeOver().length()).isEqualTo(length);
    } else {
      assertFailed(body, FailureKind.UNAVAILABLE, trouble);
    }
    assertThat(slow).isEqualTo(complete ? 0 : 1);
    assertThat(patient.count()).isZero();
    assertThat(patient.bytes()).isZero();
  }

  /** The stream may belong to another request by then. */
  @Test
  void streamOfAnEndedBodyIsNotTouched() {
    ArrivingBody body = begin(1_000);
    body.broke(null);
    Network in = new Network(bytes(1_000));
    in.arrives(1_000);
    assertThat(
            body.take(
                in,
                () -> {
                  throw new AssertionError("asked");
                }))
        .isFalse();
    assertThat(body.end()).isFalse();
    assertThat(in.taken).isZero();
  }

  @Test
  void whoeverAsksLateIsToldAtOnce() {
    ArrivingBody body = bodies.begin(10);
    body.broke(null);
    body.whenFailed(told::add);
    assertFailed(body, FailureKind.UNAVAILABLE, "the connection broke");
  }

  /** Its dispatch may still come, or never. */
  @Test
  void completeBodyThatNobodyFetchesIsGivenUp() {
    ArrivingBody body = begin(10);
    take(body, 10);
    nanos += 10_000_000_000L;
    bodies.sweep();
    assertThat(body.failure()).isNull();
    nanos += 1;
    bodies.sweep();
    IngestFailure failure = catchThrowableOfType(IngestFailure.class, body::takeOver);
    assertThat(failure.kind()).isEqualTo(FailureKind.UNAVAILABLE);
    assertThat(told).as("nobody answers in its stead").isEmpty();
    assertThat(slow).isZero();
  }

  @Test
  void completeBodyIsTakenOverOnce() {
    ArrivingBody body = begin(10);
    take(body, 10);
    body.takeOver();
    assertThatThrownBy(body::takeOver).isInstanceOf(IllegalStateException.class);
    body.giveUp();
    assertThat(body.failure()).isNull();
  }

  @Test
  void openBodyCannotBeTakenOver() {
    ArrivingBody body = begin(10);
    assertThatThrownBy(body::takeOver).isInstanceOf(IllegalStateException.class);
    body.giveUp();
  }

  private ArrivingBody begin(long declared) {
    ArrivingBody body = bodies.begin(declared);
    body.whenFailed(told::add);
    return body;
  }

  private static void take(ArrivingBody body, int length) {
    Network in = new Network(bytes(length));
    in.arrives(length);
    body.take(in, in::isReady);
  }

  private void assertFailed(ArrivingBody body, FailureKind kind, String message) {
    assertThat(told).hasSize(1);
    assertThat(told.get(0)).isSameAs(body.failure()).hasMessageContaining(message);
    assertThat(told.get(0).kind()).isEqualTo(kind);
    assertThatThrownBy(body::takeOver).isSameAs(told.get(0));
  }

  private static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  /** Bytes of which a part has arrived. */
  private static final class Network extends InputStream {
    private final byte[] bytes;
    private int arrived;
    private int taken;
    private boolean breaks;

    Network(byte[] bytes) {
      this.bytes = bytes;
    }

    /** So many more are there; returns false when all were there before. */
    boolean arrives(int more) {
      boolean some = arrived < bytes.length;
      arrived = Math.min(bytes.length, arrived + more);
      return some;
    }

    boolean isReady() {
      return available() > 0;
    }

    @Override
    public int available() {
      return arrived - taken;
    }

    @Override
    public int read() {
      throw new UnsupportedOperationException();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      if (breaks) {
        throw new IOException("connection reset");
      }
      if (available() == 0) {
        throw new AssertionError("would block");
      }
      int count = Math.min(length, available());
      System.arraycopy(bytes, taken, target, offset, count);
      taken += count;
      return count;
    }
  }
}
