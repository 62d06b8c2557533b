package org.promscale.ingest;

import org.promscale.model.WriteBatch;

/** Decodes a request once more that was kept as it came. Thread-safe. */
@FunctionalInterface
public interface BodyDecoder {

  /**
   * Decodes a request; the caller owns the outcome, which is not validated.
   *
   * @param tenant whose data it is
   * @param body the request as it came, compressed; not changed
   * @throws IngestFailure if it cannot be decoded, although it could when it came
   */
  WriteBatch decode(int tenant, byte[] body);
}
