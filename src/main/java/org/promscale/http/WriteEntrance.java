package org.promscale.http;

import java.io.InputStream;
import java.util.concurrent.CompletionStage;
import org.promscale.ha.HaLabels;
import org.promscale.ingest.Admission;
import org.promscale.ingest.IngestPipeline;
import org.promscale.ingest.IngestReport;
import org.promscale.ingest.SeriesResolver;
import org.promscale.model.SeriesHasher;
import org.promscale.model.WriteBatch;
import org.promscale.wire.BodyReader;
import org.promscale.wire.BufferPool;
import org.promscale.wire.DecodedRequest;
import org.promscale.wire.RemoteWriteV1Decoder;
import org.promscale.wire.SnappyBlock;
import org.promscale.wire.WireLimits;

/**
 * From a body's bytes to the pipeline: read, decompress and decode, each under its limit. The
 * buffers go back to the pool before the wait for the commit begins. Thread-safe.
 */
public final class WriteEntrance {

  private final WireLimits limits;
  private final BufferPool buffers;
  private final HaLabels haLabels;
  private final SeriesResolver resolver;
  private final long hashKey0;
  private final long hashKey1;
  private final IngestPipeline pipeline;

  /**
   * Joins the parts.
   *
   * @param haLabels which labels name the sender of a series
   * @param hashKey0 first half of the process's secret for hashing series
   * @param hashKey1 second half
   */
  public WriteEntrance(
      WireLimits limits,
      BufferPool buffers,
      HaLabels haLabels,
      SeriesResolver resolver,
      long hashKey0,
      long hashKey1,
      IngestPipeline pipeline) {
    this.limits = limits;
    this.buffers = buffers;
    this.haLabels = haLabels;
    this.resolver = resolver;
    this.hashKey0 = hashKey0;
    this.hashKey1 = hashKey1;
    this.pipeline = pipeline;
  }

  /**
   * Takes one remote write 1.0 request.
   *
   * @param declaredLength the Content-Length, or -1
   * @param ticket accounts for the bytes of the body
   * @return completes after the commit
   * @throws org.promscale.ingest.IngestFailure if the body is refused before it reaches the
   *     pipeline
   */
  CompletionStage<IngestReport> write(
      InputStream in, long declaredLength, Admission.Ticket ticket) {
    BodyReader.Body body =
        BodyReader.read(in, declaredLength, limits.compressedBytes(), buffers, ticket::hold);
    int length;
    DecodedRequest request;
    try {
      length = SnappyBlock.decodedLength(body.buffer(), body.length(), limits.decodedBytes());
      ticket.hold((long) body.length() + length);
      request = decode(body, length);
    } finally {
      buffers.release(body.buffer());
    }
    ticket.hold(length);
    return pipeline.write(request.batch(), request.rejections(), request.items(), length);
  }

  private DecodedRequest decode(BodyReader.Body body, int length) {
    byte[] decoded = buffers.acquire(length);
    try {
      SnappyBlock.decode(body.buffer(), body.length(), decoded, length);
      SeriesHasher hasher = new SeriesHasher(hashKey0, hashKey1);
      return new RemoteWriteV1Decoder(
              decoded, length, WriteBatch.DEFAULT_TENANT, limits, haLabels, resolver, hasher)
          .decode();
    } finally {
      buffers.release(decoded);
    }
  }
}
