package org.promscale.ingest;

/**
 * What became of a batch.
 *
 * @param stored rows that are new
 * @param duplicates rows that were there before under the same series and time; the first one wins
 */
public record StoreOutcome(long stored, long duplicates) {}
