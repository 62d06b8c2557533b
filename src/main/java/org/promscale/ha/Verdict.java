package org.promscale.ha;

/** What becomes of one sample. */
public enum Verdict {
  /** The leader's, later than the seal: stored in bulk, under the fence. */
  STORE,
  /** Its sender's own term, but history there is closed: stored where it fits a hole. */
  FILL,
  /** Another replica's term, inside its sender's open patch: stored where it fits a hole. */
  PATCH,
  /** Of another replica's term: kept in memory until it has settled, or its sender leads. */
  HOLD,
  /** Nobody can say now: the sender keeps it and comes back. */
  PUSH_BACK,
  /** Held until it had settled, or compared with what is stored: not needed. */
  COVERED
}
