package org.promscale.sim;

import java.util.List;

/**
 * Something that goes wrong, or that an operator orders.
 *
 * @param kind what
 * @param atMs when, from the start
 * @param forMs how long
 * @param target number of the connector or replica; {@link #LEADER} for whoever leads then
 * @param size more of it: a jump in milliseconds, a shard, a depth; of an order, who carries it out
 */
record Fault(Kind kind, long atMs, long forMs, int target, long size) {

  /** The replica that leads the first cluster when it happens. */
  static final int LEADER = -1;

  /** What can go wrong; whether that may keep a leader from committing. */
  enum Kind {
    CONNECTOR_CRASH,
    CONNECTOR_STOP,
    CONNECTOR_FREEZE,
    CONNECTOR_FREEZE_IN_COPY,
    CONNECTOR_FREEZE_BEFORE_COMMIT,
    CONNECTOR_CRASH_BEFORE_COMMIT,
    CONNECTOR_CLOCK,
    DATABASE_STOP,
    DATABASE_SLOW,
    DATABASE_LOSES_COMMITS,
    DATABASE_CLOCK,
    REPLICA_KILL,
    REPLICA_CUT_OFF,
    REPLICA_SLOW,
    REPLICA_CLOCK,
    REPLICA_SHARD_STUCK,
    REPLICA_FUTURE,
    DUPLICATES,
    TARGET_GONE,
    ORDER_HAND_OVER,
    ORDER_PIN,
    ORDER_DRAIN;

    /** What an operator orders; the plan has them apart from what goes wrong. */
    static final List<Kind> ORDERS = List.of(ORDER_HAND_OVER, ORDER_PIN, ORDER_DRAIN);

    /** Tells whether it waits for a storing transaction. */
    boolean liesInWait() {
      return this == CONNECTOR_FREEZE_IN_COPY
          || this == CONNECTOR_FREEZE_BEFORE_COMMIT
          || this == CONNECTOR_CRASH_BEFORE_COMMIT;
    }

    /** Tells whether a connector stands still. */
    boolean isFreeze() {
      return this == CONNECTOR_FREEZE
          || this == CONNECTOR_FREEZE_IN_COPY
          || this == CONNECTOR_FREEZE_BEFORE_COMMIT;
    }

    boolean isOrder() {
      return ORDERS.contains(this);
    }

    boolean isOfReplica() {
      return name().startsWith("REPLICA_");
    }
  }

  long endMs() {
    return atMs + forMs;
  }

  @Override
  public String toString() {
    return "%s of %s at %.1f s for %.1f s, size %d"
        .formatted(
            kind,
            target == LEADER ? "the leader" : String.valueOf(target),
            atMs / 1e3,
            forMs / 1e3,
            size);
  }
}
