package org.promscale.ingest;

import java.util.concurrent.CompletionStage;
import org.promscale.ha.FillOrder;
import org.promscale.model.WriteBatch;

/** Where samples go that may only fill holes. Thread-safe. */
@FunctionalInterface
public interface FillSink {

  /**
   * Stores those samples of a batch that fit holes of their series, and takes ownership of it.
   * Returns at once.
   *
   * @param batch samples of one replica, already validated
   * @param order under what they fill
   * @param bytes decoded size of the request they came from
   * @return completes after the commit with the number of samples that fitted; fails with {@link
   *     IngestFailure}, or with {@link LeaseChanged} if the order no longer holds
   */
  CompletionStage<Integer> fill(WriteBatch batch, FillOrder order, int bytes);
}
