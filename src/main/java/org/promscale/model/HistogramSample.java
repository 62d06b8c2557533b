package org.promscale.model;

/**
 * A native histogram at one time of one series.
 *
 * @param seriesRow row of the batch's {@link SeriesTable}
 * @param timestampMs milliseconds since 1970
 * @param histogram the value
 */
public record HistogramSample(int seriesRow, long timestampMs, NativeHistogram histogram) {}
