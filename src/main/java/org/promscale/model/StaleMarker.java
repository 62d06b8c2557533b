package org.promscale.model;

/**
 * The bits that Prometheus writes as a value when a series ends. Compare bits, never numbers: it is
 * a signalling NaN, which arithmetic would turn into an ordinary one.
 */
public final class StaleMarker {

  /** Raw IEEE 754 bits of the marker. */
  public static final long BITS = 0x7ff0000000000002L;

  private StaleMarker() {}

  /** Tells whether these raw bits are the marker. */
  public static boolean is(long valueBits) {
    return valueBits == BITS;
  }
}
