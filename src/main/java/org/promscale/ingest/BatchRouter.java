package org.promscale.ingest;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.promscale.model.WriteBatch;

/** Brings a validated request to where it belongs. Thread-safe, never blocks. */
@FunctionalInterface
public interface BatchRouter {

  /**
   * Routes a request that is not empty, and takes ownership of batch and rejections.
   *
   * @param rejections takes what turns out never to be storable
   * @param bytes decoded size of the request
   * @param body the request as it came, compressed; passes into the hands of the router
   * @return completes when everything that must be durable is; fails with {@link IngestFailure}
   */
  CompletionStage<Void> route(WriteBatch batch, Rejections rejections, int bytes, byte[] body);

  /** Returns the router of a connector without high availability: everything is stored. */
  static BatchRouter everything(SampleSink sink) {
    return (batch, rejections, bytes, body) -> sink.store(batch, List.of(), List.of(), bytes);
  }
}
