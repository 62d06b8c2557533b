package org.promscale.ingest;

import org.promscale.model.ReplicaIdentity;
import org.promscale.model.WriteBatch;

/** Hears what happens to requests. Called on request and writer threads; must not block. */
public interface IngestListener {

  /** Hears nothing. */
  IngestListener NONE = new IngestListener() {};

  /** A request was decoded; its batch is not yet validated and must not be kept. */
  default void received(WriteBatch batch) {}

  /** Items of a request were refused for good. */
  default void rejected(RejectReason reason, long items) {}

  /** Of these items so many were this replica's, refused for their time. */
  default void rejectedOf(ReplicaIdentity sender, long items) {}
}
