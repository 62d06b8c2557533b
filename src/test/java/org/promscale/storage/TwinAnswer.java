package org.promscale.storage;

import org.jspecify.annotations.Nullable;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/** What a thread of a connector waits for in the twin. One thread. */
final class TwinAnswer {

  private final TwinLine line;
  private boolean here;
  private boolean result;
  private @Nullable TwinFailure failure;

  TwinAnswer(TwinLine line) {
    this.line = line;
  }

  void accept(boolean answered, @Nullable TwinFailure failed) {
    here = true;
    result = answered;
    failure = failed;
  }

  /** Waits for it. */
  boolean get() {
    line.await(() -> here);
    if (failure != null) {
      throw unavailable();
    }
    return result;
  }

  static IngestFailure unavailable() {
    return new IngestFailure(FailureKind.UNAVAILABLE, "the twin does not answer");
  }
}
