package org.promscale.http;

import java.util.Arrays;
import java.util.concurrent.CompletionStage;
import org.promscale.ingest.Admission;
import org.promscale.ingest.IngestPipeline;
import org.promscale.ingest.IngestReport;
import org.promscale.model.WriteBatch;
import org.promscale.wire.ArrivingBody;
import org.promscale.wire.BufferPool;
import org.promscale.wire.CompressedDecoder;
import org.promscale.wire.DecodedRequest;

/**
 * From a body's bytes to the pipeline: decompress and decode, each under its limit. The buffers go
 * back to the pool before the wait for the commit begins. Thread-safe.
 */
public final class WriteEntrance {

  private static final byte[] NOT_KEPT = new byte[0];

  private final BufferPool buffers;
  private final CompressedDecoder decoder;
  private final IngestPipeline pipeline;

  /**
   * Joins the parts.
   *
   * @param buffers where the buffers of bodies go back to
   */
  public WriteEntrance(BufferPool buffers, CompressedDecoder decoder, IngestPipeline pipeline) {
    this.buffers = buffers;
    this.decoder = decoder;
    this.pipeline = pipeline;
  }

  /**
   * Takes one remote write 1.0 request.
   *
   * @param body in a buffer that goes back to the pool
   * @param ticket accounts for the bytes of the body
   * @return completes after the commit
   * @throws org.promscale.ingest.IngestFailure if the body is refused before it reaches the
   *     pipeline
   */
  CompletionStage<IngestReport> write(ArrivingBody.Body body, Admission.Ticket ticket) {
    byte[] kept = NOT_KEPT;
    int length;
    DecodedRequest request;
    try {
      length = decoder.decodedLength(body.buffer(), body.length());
      ticket.hold((long) body.length() + length);
      request = decoder.decode(WriteBatch.DEFAULT_TENANT, body.buffer(), body.length(), length);
      if (!request.batch().identities().isEmpty()) {
        // Of a standby it may be held; who leads may not be known before the buffer is gone.
        kept = Arrays.copyOf(body.buffer(), body.length());
      }
    } finally {
      buffers.release(body.buffer());
    }
    ticket.hold((long) length + kept.length);
    return pipeline.write(request.batch(), request.rejections(), request.items(), length, kept);
  }
}
