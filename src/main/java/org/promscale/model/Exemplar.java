package org.promscale.model;

/**
 * An exemplar: one observation that stands for its series at a time, with labels of its own.
 *
 * @param seriesRow row of the batch's {@link SeriesTable}
 * @param timestampMs milliseconds since 1970
 * @param valueBits raw bits of the value
 * @param labels for instance the id of a trace; may be empty
 */
public record Exemplar(int seriesRow, long timestampMs, long valueBits, Labels labels) {}
