package org.promscale.storage;

import java.util.Locale;

/**
 * The steps of a run of maintenance, in their order. Each is a function of the database that does a
 * little in one transaction, and tells how much and whether there is more.
 */
enum MaintenanceStep {
  /** Partitions that are older than the longest retention. */
  DROP("partitions"),
  /** Samples of series that somebody has deleted. */
  PURGE("rows"),
  /** Samples of metrics with a shorter retention than others. */
  SWEEP("rows"),
  /** Chunks that are old enough, where TimescaleDB can. */
  COMPRESS("chunks"),
  /** Looks for series without samples and marks them. */
  SEARCH(""),
  /** Makes all connectors forget ids, so that none stores under a marked one. */
  SEAL(""),
  /** Series that are marked and were not looked up since. */
  SERIES("series"),
  /** Metrics without series, and their views. */
  METRICS("metrics"),
  /** Values and names of labels without series. */
  VALUES("labels"),
  /** Terms and the like that are older than all samples. */
  HISTORY("");

  private final String what;

  MaintenanceStep(String what) {
    this.what = what;
  }

  /** Returns what it removes or changes; empty where that is not counted. */
  String what() {
    return what;
  }

  /** Returns a query with two parameters, the run and the connector's time, and one row. */
  String sql() {
    return "SELECT done, more FROM _prom_catalog.maintain_"
        + name().toLowerCase(Locale.ROOT)
        + "(?, ?)";
  }
}
