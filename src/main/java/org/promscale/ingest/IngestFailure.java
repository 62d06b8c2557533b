package org.promscale.ingest;

import org.jspecify.annotations.Nullable;

/**
 * A request failed as a whole. Nothing of it is stored, or storing it again is harmless. The
 * message is meant for the operator of the sender: it says what to do and holds no internals.
 */
public final class IngestFailure extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final FailureKind kind;

  /** Makes a failure without a cause. */
  public IngestFailure(FailureKind kind, String message) {
    this(kind, message, null);
  }

  /** Makes a failure; the cause is for the log, never for the sender. */
  public IngestFailure(FailureKind kind, String message, @Nullable Throwable cause) {
    // Refusals are ordinary: without a stack trace a flood of them stays cheap.
    super(message, cause, false, false);
    this.kind = kind;
  }

  /** Returns why, and thereby whether the sender retries. */
  public FailureKind kind() {
    return kind;
  }
}
