package org.promscale.storage;

import java.util.concurrent.CompletableFuture;
import org.promscale.model.WriteBatch;

/**
 * A batch in the queue, or in the hands of one writer.
 *
 * @param batch what to store
 * @param bytes what it counts in the queue
 * @param done completes when the batch is durable or refused
 */
record PendingBatch(WriteBatch batch, int bytes, CompletableFuture<Void> done) {

  /** Rows this batch adds to a transaction; metadata-only batches count too. */
  int rows() {
    return (int) Math.max(1, batch.itemCount());
  }
}
