package org.promscale.model;

/**
 * A native histogram as Prometheus sends it: either all counts are integers (buckets as deltas) or
 * all are floats (buckets as absolute counts). Arrays belong to the record; nobody changes them.
 *
 * @param schema bucket resolution, -4 to 8, or -53 for custom bounds
 * @param zeroThreshold width of the zero bucket
 * @param integer whether the counts are integers
 * @param countInteger number of observations; 0 for a float histogram
 * @param countFloat number of observations; 0 for an integer histogram
 * @param zeroCountInteger observations in the zero bucket; 0 for a float histogram
 * @param zeroCountFloat observations in the zero bucket; 0 for an integer histogram
 * @param sumBits raw bits of the sum; {@link StaleMarker#BITS} marks the end of the series
 * @param positiveSpans offset, length, offset, length … of populated positive buckets
 * @param positiveDeltas bucket counts of an integer histogram, each relative to the one before
 * @param positiveCounts bucket counts of a float histogram
 * @param negativeSpans as the positive ones
 * @param negativeDeltas as the positive ones
 * @param negativeCounts as the positive ones
 * @param customValues upper bounds of the buckets for schema -53
 * @param resetHint 0 unknown, 1 yes, 2 no, 3 gauge
 * @see <a href="https://prometheus.io/docs/specs/native_histograms/">Native histograms</a>
 */
@SuppressWarnings("ArrayRecordComponent") // columns of a database row, never compared
public record NativeHistogram(
    int schema,
    double zeroThreshold,
    boolean integer,
    long countInteger,
    double countFloat,
    long zeroCountInteger,
    double zeroCountFloat,
    long sumBits,
    int[] positiveSpans,
    long[] positiveDeltas,
    double[] positiveCounts,
    int[] negativeSpans,
    long[] negativeDeltas,
    double[] negativeCounts,
    double[] customValues,
    int resetHint) {}
