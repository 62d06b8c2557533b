package org.promscale.storage;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.FillOrder;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.LeaseClaim;
import org.promscale.model.WriteBatch;

/**
 * A batch in the queue, or in the hands of one writer.
 *
 * @param batch what to store
 * @param claims who leads, as the batch was judged; checked in the storing transaction
 * @param left requests of standbys to be kept in the database with it
 * @param fill under what it fills holes, or null where it is simply stored
 * @param bytes what it counts in the queue
 * @param done completes when the batch is durable or refused; with the number of items that filled
 *     holes
 */
record PendingBatch(
    WriteBatch batch,
    List<LeaseClaim> claims,
    List<HeldRequest> left,
    @Nullable FillOrder fill,
    int bytes,
    CompletableFuture<Integer> done) {

  /** Rows this batch adds to a transaction; metadata-only batches count too. */
  int rows() {
    return (int) Math.max(1, batch.itemCount());
  }

  /** Whether the catalog must be asked about some of its series. */
  boolean registers() {
    return batch.series().unknownCount() > 0;
  }
}
