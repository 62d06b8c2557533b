package org.promscale.ingest;

/** Hears what happens to requests. Called on request and writer threads; must not block. */
public interface IngestListener {

  /** Hears nothing. */
  IngestListener NONE = new IngestListener() {};

  /** A request was decoded. */
  default void received(long samples, long histograms, long exemplars, long metadata) {}

  /** Items of a request were refused for good. */
  default void rejected(RejectReason reason, long items) {}

  /** A request failed as a whole. */
  default void failed(FailureKind kind) {}
}
