package org.promscale.ingest;

/** The closed set of reasons why a request fails as a whole. */
public enum FailureKind {
  /** The body cannot be decoded. It never will: the sender drops it. */
  MALFORMED(false),
  /** Everything in the request is refused for good: the sender drops it. */
  REJECTED(false),
  /** The compressed body is over the limit: the sender drops it. */
  TOO_LARGE(false),
  /** A format or an encoding this receiver does not speak: the sender drops it. */
  UNSUPPORTED(false),
  /** Our queues are full: the sender keeps the data and tries again. */
  OVERLOADED(true),
  /** A standby's samples that its leader has not passed yet: the sender keeps them for now. */
  HELD_BACK(true),
  /** The database or a part of ours is out of order: the sender keeps the data and tries again. */
  UNAVAILABLE(true);

  private final boolean senderRetries;

  FailureKind(boolean senderRetries) {
    this.senderRetries = senderRetries;
  }

  /** Tells whether the sender keeps the data and tries again. */
  public boolean senderRetries() {
    return senderRetries;
  }
}
