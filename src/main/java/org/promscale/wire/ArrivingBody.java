package org.promscale.wire;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/**
 * A request body while it arrives. It becomes complete, or fails; a complete one is taken over
 * once, or given up. Whatever happens, its memory goes back exactly once. Thread-safe.
 */
public final class ArrivingBody {

  /** Tells whether bytes, or the end, can be read without waiting. */
  @FunctionalInterface
  public interface Readiness {

    /** Asks. */
    boolean isReady() throws IOException;
  }

  /** A body in a buffer: the first {@code length} bytes of it. */
  @SuppressWarnings("ArrayRecordComponent") // a pair of results, never compared
  public record Body(byte[] buffer, int length) {}

  private enum State {
    OPEN,
    COMPLETE,
    TAKEN,
    FAILED
  }

  private static final byte[] NOTHING = new byte[0];
  private static final int FIRST_BYTES = 2 * 1024;

  /** A buffer is at most so many times as large as what is in it. */
  private static final int GROWTH = 4;

  /** Whoever has to take over a complete body does so at once. */
  private static final long PICK_UP_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final ArrivingBodies all;
  private final long declaredLength;
  private final long beganNanos;
  private byte[] buffer = NOTHING;
  private int accounted;
  private int length;
  private long completeNanos;
  private State state = State.OPEN;
  private @Nullable IngestFailure failure;
  private Consumer<IngestFailure> owner = why -> {};

  ArrivingBody(ArrivingBodies all, long declaredLength, long nowNanos) {
    this.all = all;
    this.declaredLength = declaredLength;
    this.beganNanos = nowNanos;
  }

  /** Returns when it began, on the clock for durations. */
  public long beganNanos() {
    return beganNanos;
  }

  /** Returns the number of bytes that have arrived. */
  public synchronized int length() {
    return length;
  }

  /** Returns why it failed, null if it did not. */
  public synchronized @Nullable IngestFailure failure() {
    return failure;
  }

  /**
   * Names who is told once when this body fails before it is complete: by the thread that finds it,
   * without a lock; at once if it has failed already.
   */
  public void whenFailed(Consumer<IngestFailure> told) {
    IngestFailure known;
    synchronized (this) {
      owner = told;
      known = failure;
    }
    if (known != null) {
      told.accept(known);
    }
  }

  /**
   * Takes the bytes that are there. Touches the stream only while the body is open, and nobody ends
   * it meanwhile: once it has failed, the stream may belong to another request.
   *
   * @param ready whether the stream has bytes, or its end, at hand
   * @return whether the body became complete with them
   */
  public boolean take(InputStream in, Readiness ready) {
    return work(
        () -> {
          if (declaredLength == 0) {
            complete();
          }
          boolean more = true;
          while (more && state == State.OPEN && ready.isReady()) {
            more = takeOnce(in);
          }
        });
  }

  /**
   * The stream has come to its end.
   *
   * @return whether the body became complete by that
   */
  public boolean end() {
    return work(
        () -> {
          if (declaredLength >= 0 && length != declaredLength) {
            throw unreadable(length + " of " + declaredLength + " bytes arrived", null);
          }
          complete();
        });
  }

  /** The connection broke, or the server gave it up. */
  public void broke(@Nullable Throwable cause) {
    work(
        () -> {
          throw unreadable("the connection broke", cause);
        });
  }

  /**
   * Hands over a complete body; its buffer is the caller's from now on.
   *
   * @throws IngestFailure why it failed, if it did
   */
  public synchronized Body takeOver() {
    if (failure != null) {
      throw failure;
    }
    if (state != State.COMPLETE) {
      throw new IllegalStateException("a body that is " + state);
    }
    state = State.TAKEN;
    Body body = new Body(buffer, length);
    all.leave(this, accounted);
    buffer = NOTHING;
    return body;
  }

  /** Gives back what nobody will take over; tells nobody. */
  public synchronized void giveUp() {
    if (state == State.OPEN || state == State.COMPLETE) {
      fail(new IngestFailure(FailureKind.UNAVAILABLE, "cannot take the request now"));
    }
  }

  /**
   * Ends it if it comes too slowly; takes it from whoever does not fetch it, and finds out late.
   */
  void judge(long nowNanos) {
    Runnable tell = () -> {};
    synchronized (this) {
      if (state == State.OPEN && Pace.isTooSlow(length, nowNanos - beganNanos)) {
        tell = failSlow(nowNanos);
      } else if (state == State.COMPLETE && nowNanos - completeNanos > PICK_UP_NANOS) {
        giveUp();
      }
    }
    tell.run();
  }

  /** Ends it if it is slow, because there is no room for all. */
  void giveWay(long nowNanos) {
    Runnable tell = () -> {};
    synchronized (this) {
      if (state == State.OPEN && Pace.givesWay(length, nowNanos - beganNanos)) {
        tell = failSlow(nowNanos);
      }
    }
    tell.run();
  }

  /** Ends it because the application stops. */
  void stop() {
    work(
        () -> {
          throw new IngestFailure(
              FailureKind.UNAVAILABLE, "cannot wait for the request body: stopping");
        });
  }

  private boolean work(Step step) {
    Runnable tell;
    synchronized (this) {
      if (state != State.OPEN) {
        return false;
      }
      try {
        step.run();
        return state == State.COMPLETE;
      } catch (IngestFailure e) {
        tell = fail(e);
      } catch (IOException | RuntimeException e) {
        tell = fail(unreadable("the connection broke", e));
      }
    }
    tell.run();
    return false;
  }

  /** Reads once; returns false at the end of the stream. */
  private boolean takeOnce(InputStream in) throws IOException {
    if (length == buffer.length) {
      grow(Math.max(in.available(), 0));
    }
    int read = in.read(buffer, length, buffer.length - length);
    if (read < 0) {
      return false;
    }
    length += read;
    if (length > all.capBytes()) {
      throw all.tooLarge("more than " + all.capBytes() + " bytes");
    }
    if (length == declaredLength) {
      complete();
    }
    return true;
  }

  /** What a sender declares costs it nothing, so only bytes that are there make it grow. */
  private void grow(int available) {
    long wanted = Math.max(FIRST_BYTES, ((long) length + available) * GROWTH);
    long most = declaredLength < 0 ? all.capBytes() + 1L : declaredLength;
    int size = (int) Math.max(length + 1L, Math.min(wanted, most));
    byte[] larger = all.acquire(size, accounted);
    accounted = size;
    System.arraycopy(buffer, 0, larger, 0, length);
    all.release(buffer);
    buffer = larger;
  }

  private void complete() {
    state = State.COMPLETE;
    completeNanos = all.nowNanos();
  }

  private Runnable failSlow(long nowNanos) {
    all.countSlow();
    return fail(
        new IngestFailure(
            FailureKind.UNAVAILABLE,
            "cannot wait for the request body: "
                + length
                + " bytes arrived in "
                + TimeUnit.NANOSECONDS.toSeconds(nowNanos - beganNanos)
                + " s; look at the network between"));
  }

  /** Ends it, and returns what tells the owner. */
  private Runnable fail(IngestFailure why) {
    state = State.FAILED;
    failure = why;
    all.leave(this, accounted);
    all.release(buffer);
    buffer = NOTHING;
    Consumer<IngestFailure> told = owner;
    return () -> told.accept(why);
  }

  private static IngestFailure unreadable(String what, @Nullable Throwable cause) {
    return new IngestFailure(
        FailureKind.UNAVAILABLE, "cannot read the request body: " + what, cause);
  }

  /** Something that may fail on the way. */
  @FunctionalInterface
  private interface Step {
    void run() throws IOException;
  }
}
