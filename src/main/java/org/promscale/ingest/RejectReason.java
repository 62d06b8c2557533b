package org.promscale.ingest;

/** Why a single item of a request can never be stored. The rest of the request is. */
public enum RejectReason {
  MISSING_METRIC_NAME("series has no metric name"),
  EMPTY_LABEL_NAME("empty label name"),
  DUPLICATE_LABEL_NAME("label name stands twice"),
  INVALID_UTF8("label is not valid UTF-8"),
  NUL_CHARACTER("text contains U+0000, which PostgreSQL cannot store"),
  TOO_MANY_LABELS("too many labels"),
  LABEL_NAME_TOO_LONG("label or metric name too long"),
  LABEL_VALUE_TOO_LONG("label value too long"),
  MISSING_HA_LABELS("HA enabled, but both cluster and replica labels are empty"),
  MISSING_CLUSTER_LABEL("HA enabled, but cluster label is empty"),
  MISSING_REPLICA_LABEL("HA enabled, but replica label is empty"),
  HA_NAME_TOO_LONG("name of cluster or replica too long"),
  TOO_MANY_CLUSTERS("more clusters than -metrics.high-availability.max-clusters allows"),
  TIMESTAMP_IN_FUTURE("timestamp too far in the future"),
  TIMESTAMP_OUT_OF_RANGE("timestamp before 4713 BC cannot be stored"),
  OLDER_THAN_RETENTION(
      "timestamp older than the longest retention, see -metrics.retention and"
          + " prom_api.get_default_retention_period()"),
  TOO_MANY_PARTITIONS("request would open too many new time partitions"),
  INVALID_HISTOGRAM("native histogram is inconsistent"),
  MISSING_EXEMPLAR_TIMESTAMP("exemplar has no timestamp"),
  INVALID_METADATA("metadata has no metric family name");

  private final String text;

  RejectReason(String text) {
    this.text = text;
  }

  /** Returns the reason as the sender reads it. */
  public String text() {
    return text;
  }

  /** Returns the reason as a value of a metric's label. */
  public String label() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
