package org.promscale.wire;

import org.promscale.ha.HaLabels;
import org.promscale.ingest.BodyDecoder;
import org.promscale.ingest.SeriesResolver;
import org.promscale.model.SeriesHasher;
import org.promscale.model.WriteBatch;

/** Decompresses and decodes bodies, each under its limit. Thread-safe. */
public final class CompressedDecoder implements BodyDecoder {

  private final WireLimits limits;
  private final BufferPool buffers;
  private final HaLabels haLabels;
  private final SeriesResolver resolver;
  private final long hashKey0;
  private final long hashKey1;

  /**
   * Joins the parts.
   *
   * @param haLabels which labels name the sender of a series
   * @param hashKey0 first half of the process's secret for hashing series
   * @param hashKey1 second half
   */
  public CompressedDecoder(
      WireLimits limits,
      BufferPool buffers,
      HaLabels haLabels,
      SeriesResolver resolver,
      long hashKey0,
      long hashKey1) {
    this.limits = limits;
    this.buffers = buffers;
    this.haLabels = haLabels;
    this.resolver = resolver;
    this.hashKey0 = hashKey0;
    this.hashKey1 = hashKey1;
  }

  /**
   * Returns the length that a body has when it is decoded, before any memory is taken for it.
   *
   * @throws org.promscale.ingest.IngestFailure if it is over the limit or makes no sense
   */
  public int decodedLength(byte[] body, int length) {
    return SnappyBlock.decodedLength(body, length, limits.decodedBytes());
  }

  /**
   * Decodes a body.
   *
   * @param decodedLength as {@link #decodedLength} says
   * @throws org.promscale.ingest.IngestFailure if it makes no sense
   */
  public DecodedRequest decode(int tenant, byte[] body, int length, int decodedLength) {
    byte[] decoded = buffers.acquire(decodedLength);
    try {
      SnappyBlock.decode(body, length, decoded, decodedLength);
      SeriesHasher hasher = new SeriesHasher(hashKey0, hashKey1);
      return new RemoteWriteV1Decoder(
              decoded, decodedLength, tenant, limits, haLabels, resolver, hasher)
          .decode();
    } finally {
      buffers.release(decoded);
    }
  }

  @Override
  public WriteBatch decode(int tenant, byte[] body) {
    return decode(tenant, body, body.length, decodedLength(body, body.length)).batch();
  }
}
