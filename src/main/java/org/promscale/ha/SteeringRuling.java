package org.promscale.ha;

import org.jspecify.annotations.Nullable;

/**
 * What becomes of an operator's order.
 *
 * @param outcome whether it is carried out
 * @param why one sentence for the operator: what was done, or what stands in the way
 * @param change the change of leader that belongs to it, or null
 */
public record SteeringRuling(Outcome outcome, String why, @Nullable LeaderChange change) {

  /** Whether an order is carried out. */
  public enum Outcome {
    /** It is. */
    DONE,
    /** There is no such cluster or replica. */
    UNKNOWN,
    /** Leadership is no longer what the operator saw. */
    CHANGED,
    /** The rules are against it. */
    REFUSED
  }

  /** Returns the ruling on an order that was based on what is no longer true. */
  static SteeringRuling changed(Lease now) {
    return new SteeringRuling(
        Outcome.CHANGED,
        "leadership has changed meanwhile: "
            + now.leader()
            + " leads in term "
            + now.term()
            + ", fence "
            + now.fence()
            + "; look again and decide anew",
        null);
  }

  /** Returns the ruling on an order about something that is not there. */
  public static SteeringRuling unknown(String why) {
    return new SteeringRuling(Outcome.UNKNOWN, why, null);
  }

  static SteeringRuling refused(String why) {
    return new SteeringRuling(Outcome.REFUSED, why, null);
  }

  static SteeringRuling done(String why) {
    return new SteeringRuling(Outcome.DONE, why, null);
  }

  static SteeringRuling done(String why, LeaderChange change) {
    return new SteeringRuling(Outcome.DONE, why, change);
  }
}
