package org.promscale.ingest;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.LeaseClaim;
import org.promscale.model.WriteBatch;

/** Where batches are stored. Thread-safe. */
@FunctionalInterface
public interface SampleSink {

  /**
   * Stores a batch and takes ownership of it. Returns at once.
   *
   * @param batch what to store, already validated
   * @param claims who leads, as the batch was judged: checked in the storing transaction
   * @param left requests of standbys that are kept in the database, in the same transaction
   * @param bytes decoded size of the request it came from, which counts against the queue's bound
   * @return completes after the commit; fails with {@link IngestFailure}, or with {@link
   *     LeaseChanged} if a claim is no longer true. A batch that was stored before succeeds again
   *     and changes nothing.
   */
  CompletionStage<Void> store(
      WriteBatch batch, List<LeaseClaim> claims, List<HeldRequest> left, int bytes);
}
