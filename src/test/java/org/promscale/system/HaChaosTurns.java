package org.promscale.system;

import java.time.Duration;

/**
 * Whose turn it is to be struck: connectors are killed in one turn and replicas in the next, and
 * between two turns lies a settle time without a blow of either kind. A connector that is killed
 * takes with it what it held, and what it held is missed only where the leader is lost before it
 * has delivered the same scrapes; that is the one exception which docs/ha.md names.
 *
 * <p>Nanoseconds of one monotonic clock; one thread.
 */
final class HaChaosTurns {

  private final boolean keepsDistance;
  private final long turnNanos;
  private final long settledNanos;
  private boolean connectors = true;
  private boolean between;
  private long turnEnds;
  private long restlessUntil;

  /**
   * Begins with the turn of the connectors.
   *
   * @param keepsDistance false: everything may be struck at any time
   * @param turn length of one turn
   * @param settled time without a blow between two turns
   */
  HaChaosTurns(boolean keepsDistance, Duration turn, Duration settled, long nowNanos) {
    this.keepsDistance = keepsDistance;
    this.turnNanos = turn.toNanos();
    this.settledNanos = settled.toNanos();
    this.turnEnds = nowNanos + turnNanos;
  }

  /**
   * Lets time pass.
   *
   * @param isCalm nobody is away or frozen
   * @return whether a turn has just begun
   */
  boolean tick(long nowNanos, boolean isCalm) {
    if (!between && nowNanos - turnEnds >= 0) {
      between = true;
      restlessUntil = nowNanos;
    }
    if (between && !isCalm) {
      restlessUntil = nowNanos;
    }
    if (between && nowNanos - restlessUntil >= settledNanos) {
      between = false;
      connectors = !connectors;
      turnEnds = nowNanos + turnNanos;
      return true;
    }
    return false;
  }

  /** Tells whether a connector may be killed now. */
  boolean mayKillConnector() {
    return !keepsDistance || (!between && connectors);
  }

  /** Tells whether a replica may be killed or cut off now. */
  boolean mayStrikeReplica() {
    return !keepsDistance || (!between && !connectors);
  }

  /** Tells whether a connector may be frozen now, or the database stopped: nothing settles then. */
  boolean mayDelay() {
    return !keepsDistance || !between;
  }
}
