package org.promscale.ingest;

/**
 * How maintenance stands, for all connectors of a database.
 *
 * @param lastEnd when a run last ended, in seconds since 1970; 0: never
 * @param blocked whether sessions keep a partition from being dropped that is past its retention
 * @param doomedSeries deleted series whose samples are still to be deleted
 * @param retentionSeconds the longest retention; infinite where samples are kept for ever
 */
public record MaintenanceStatus(
    double lastEnd, boolean blocked, long doomedSeries, double retentionSeconds) {

  /** Nothing is known yet. */
  public static final MaintenanceStatus UNKNOWN =
      new MaintenanceStatus(Double.NaN, false, 0, Double.NaN);
}
