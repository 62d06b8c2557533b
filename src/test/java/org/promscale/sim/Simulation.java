package org.promscale.sim;

import java.util.PriorityQueue;

/** Simulated time: what is to happen, in order. Events of one instant happen as they were made. */
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

  private final PriorityQueue<Event> events = new PriorityQueue<>(1_024);
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

  void run(long untilNanos) {
    while (true) {
      Event next = events.peek();
      if (next == null || next.nanos > untilNanos) {
        nowNanos = untilNanos;
        return;
      }
      events.remove();
      nowNanos = next.nanos;
      next.action.run();
    }
  }
}
