package org.promscale.ingest;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.WriteBatch;

/**
 * The way of a decoded request: validate, judge and store, report. Validation comes before
 * everything that has consequences, so unusable data changes nothing.
 *
 * <p>Thread-safe. Does no I/O on the caller's thread and never blocks: the stage it returns
 * completes when the data is durable.
 */
public final class IngestPipeline {

  private final BatchValidator validator;
  private final BatchRouter router;
  private final IngestListener listener;

  /** Joins the parts. */
  public IngestPipeline(BatchValidator validator, BatchRouter router, IngestListener listener) {
    this.validator = validator;
    this.router = router;
    this.listener = listener;
  }

  /**
   * Stores what can be stored of a request. Takes ownership of batch and rejections.
   *
   * @param items everything the request carried, the already rejected included
   * @param bytes its decoded size
   * @param body the request as it came, compressed, which passes into the hands of the pipeline;
   *     empty where it carries no sender
   * @return completes after the commit; fails with {@link IngestFailure} if nothing was stored or
   *     storing it again is harmless
   */
  public CompletionStage<IngestReport> write(
      WriteBatch batch, Rejections rejections, long items, int bytes, byte[] body) {
    try {
      listener.received(batch);
      validator.validate(batch, rejections);
      List<ReplicaIdentity> senders = batch.identities();
      IngestReport report = new IngestReport(items, rejections);
      if (batch.isEmpty()) {
        return CompletableFuture.completedFuture(counted(report, senders));
      }
      return router
          .route(batch, rejections, bytes, body)
          .thenApply(done -> counted(report, senders));
    } catch (IngestFailure e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private IngestReport counted(IngestReport report, List<ReplicaIdentity> senders) {
    report.rejections().forEach(listener::rejected);
    report
        .rejections()
        .forEachSender((identity, items) -> listener.rejectedOf(senders.get(identity), items));
    return report;
  }
}
