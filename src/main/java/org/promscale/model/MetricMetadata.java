package org.promscale.model;

/**
 * What a target says about a metric family.
 *
 * @param family name of the family; series of a counter may add a suffix to it
 * @param type kind of the metric
 * @param unit unit, may be empty
 * @param help description, may be empty
 */
public record MetricMetadata(String family, Type type, String unit, String help) {

  /** Kinds of metrics, in the order of their numbers on the wire. */
  public enum Type {
    UNKNOWN,
    COUNTER,
    GAUGE,
    HISTOGRAM,
    GAUGEHISTOGRAM,
    SUMMARY,
    INFO,
    STATESET
  }
}
