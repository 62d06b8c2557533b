package org.promscale.ingest;

import java.util.concurrent.CompletionStage;
import org.promscale.model.WriteBatch;

/** Where batches are stored. Thread-safe. */
@FunctionalInterface
public interface SampleSink {

  /**
   * Stores a batch and takes ownership of it. Returns at once.
   *
   * @param batch what to store, already validated
   * @param bytes decoded size of the request it came from, which counts against the queue's bound
   * @return completes after the commit; fails with {@link IngestFailure}. A batch that was stored
   *     before succeeds again and changes nothing.
   */
  CompletionStage<Void> store(WriteBatch batch, int bytes);
}
