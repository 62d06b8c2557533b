package org.promscale.ha;

/** What becomes of one sample. */
public enum Verdict {
  /** The leader's, later than the seal: stored in bulk, under the fence. */
  STORE,
  /** Its sender's own term, but history there is closed: stored where it fits a hole. */
  FILL,
  /** Another replica's term, inside its sender's open patch: stored where it fits a hole. */
  PATCH,
  /** A standby's, and the leader is past it by a settle time: acknowledged, not stored. */
  COVERED,
  /** Too early to say: the sender keeps it and comes back. */
  HOLD
}
