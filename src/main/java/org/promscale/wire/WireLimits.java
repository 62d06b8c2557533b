package org.promscale.wire;

/**
 * Bounds of one request.
 *
 * @param compressedBytes body as sent; beyond it the whole request is refused
 * @param decodedBytes body after decompression; beyond it the whole request is refused
 * @param seriesPerRequest entries of a request; beyond it the whole request is refused
 * @param samplesPerRequest samples, histograms and exemplars of a request; likewise
 * @param labelsPerSeries labels of a series; beyond it the series is refused
 * @param nameBytes UTF-8 bytes of a label name or metric name; likewise
 * @param valueBytes UTF-8 bytes of a label value; likewise
 */
public record WireLimits(
    int compressedBytes,
    int decodedBytes,
    int seriesPerRequest,
    int samplesPerRequest,
    int labelsPerSeries,
    int nameBytes,
    int valueBytes) {

  /** The limits that hold where nothing else is said. */
  public static final WireLimits DEFAULT =
      new WireLimits(32 << 20, 32 << 20, 50_000, 200_000, 64, 1_024, 4_096);
}
