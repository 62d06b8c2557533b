package org.promscale.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Simulated time: what is to happen, in order. Events of one instant happen as they were made.
 *
 * <p>Code under test may wait in the middle of an event, as a thread does for a lock. Then another
 * thread goes on with the events until what it waits for has come. Never do two of them run at
 * once: whoever hands over stands still, so that everything is as deterministic as on one thread.
 */
final class Simulation {

  static final long MS = 1_000_000;
  static final long SECOND = 1_000 * MS;

  /** Wall time at which every simulation begins. */
  static final long EPOCH_MS = 1_700_000_000_000L;

  private static final class Event implements Comparable<Event> {
    private final long nanos;
    private final long number;
    private final Runnable action;

    Event(long nanos, long number, Runnable action) {
      this.nanos = nanos;
      this.number = number;
      this.action = action;
    }

    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(nanos, other.nanos);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  /** Thrown at whoever waits when its process or the simulation ends. */
  static final class Ended extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Ended() {
      super("ended while it waited", null, false, false);
    }
  }

  private record Sleeper(BooleanSupplier ready, Semaphore turn) {}

  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(
          work -> {
            Thread thread = new Thread(work, "simulation");
            thread.setDaemon(true);
            return thread;
          });

  private final PriorityQueue<Event> events = new PriorityQueue<>(1_024);
  private final List<Sleeper> sleepers = new ArrayList<>();
  private final Semaphore done = new Semaphore(0);
  private @Nullable Throwable failure;
  private long untilNanos;
  private boolean over;
  private long nowNanos;
  private long made;

  long nowNanos() {
    return nowNanos;
  }

  /** Returns true wall time, which no clock in the simulation need show. */
  long nowMs() {
    return EPOCH_MS + nowNanos / MS;
  }

  /** Returns the number of events so far. */
  long events() {
    return made;
  }

  void after(long nanos, Runnable action) {
    events.add(new Event(nowNanos + Math.max(0, nanos), made++, action));
  }

  /** Runs the action now and then again and again. */
  void every(long firstNanos, long periodNanos, Runnable action) {
    after(
        firstNanos,
        () -> {
          action.run();
          every(periodNanos, periodNanos, action);
        });
  }

  /** Runs what happens up to this time; who waits then may go on in the next run. */
  void run(long nanos) {
    untilNanos = nanos;
    THREADS.execute(this::goOn);
    done.acquireUninterruptibly();
    Throwable failed = failure;
    if (failed != null) {
      throw new IllegalStateException("an event failed", failed);
    }
  }

  /** Ends it: whoever still waits is told so. */
  void end() {
    over = true;
    sleepers.forEach(sleeper -> sleeper.turn().release());
    sleepers.clear();
  }

  /**
   * Waits in the middle of an event while everything else goes on.
   *
   * @param ready asked after each event
   * @throws Ended if the simulation ends before
   */
  void await(BooleanSupplier ready) {
    if (ready.getAsBoolean()) {
      return;
    }
    Sleeper sleeper = new Sleeper(ready, new Semaphore(0));
    sleepers.add(sleeper);
    THREADS.execute(this::goOn);
    sleeper.turn().acquireUninterruptibly();
    if (over) {
      throw new Ended();
    }
  }

  private void goOn() {
    try {
      Sleeper next = null;
      while (next == null) {
        if (!happen()) {
          done.release();
          return;
        }
        next = firstReady();
      }
      sleepers.remove(next);
      next.turn().release();
    } catch (Ended e) {
      // The simulation has ended, and with it whatever this thread was waiting for.
    } catch (RuntimeException | Error e) {
      failure = e;
      done.release();
    }
  }

  /** Lets the next event happen; returns false if there is none in time. */
  private boolean happen() {
    Event next = events.peek();
    if (next == null || next.nanos > untilNanos) {
      nowNanos = untilNanos;
      return false;
    }
    events.remove();
    nowNanos = next.nanos;
    try {
      next.action.run();
    } catch (Ended e) {
      if (over) {
        throw e;
      }
      // Only the process that did it has ended.
    }
    return true;
  }

  private @Nullable Sleeper firstReady() {
    for (Sleeper sleeper : sleepers) {
      if (sleeper.ready().getAsBoolean()) {
        return sleeper;
      }
    }
    return null;
  }
}
