package org.promscale.sim;

import java.util.ArrayDeque;

/** A process: what it has to do waits while it is frozen, and is forgotten when it dies. */
final class Host {

  private final Simulation simulation;
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private boolean frozen;
  private boolean dead;

  Host(Simulation simulation) {
    this.simulation = simulation;
  }

  boolean isFrozen() {
    return frozen && !dead;
  }

  boolean isDead() {
    return dead;
  }

  boolean isRunning() {
    return !frozen && !dead;
  }

  void later(long nanos, Runnable action) {
    simulation.after(nanos, () -> dispatch(action));
  }

  /** Does it now, or when it can. */
  void dispatch(Runnable action) {
    if (dead) {
      return;
    }
    if (frozen) {
      waiting.add(action);
    } else {
      action.run();
    }
  }

  void freeze() {
    frozen = true;
  }

  void thaw() {
    if (dead || !frozen) {
      return;
    }
    frozen = false;
    // One event each: what one of them waits for must not keep the others waiting.
    while (!waiting.isEmpty()) {
      Runnable next = waiting.remove();
      simulation.after(0, () -> dispatch(next));
    }
  }

  void kill() {
    dead = true;
    waiting.clear();
  }

  /** Repeats with a pause after each time; a frozen host misses nothing but catches up once. */
  void every(long firstNanos, long pauseNanos, Runnable action) {
    later(
        firstNanos,
        () -> {
          action.run();
          every(pauseNanos, pauseNanos, action);
        });
  }
}
