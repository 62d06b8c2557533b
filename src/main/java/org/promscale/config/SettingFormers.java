package org.promscale.config;

import static org.promscale.config.SettingFormer.Fate.GONE;
import static org.promscale.config.SettingFormer.Fate.NOT_YET;
import static org.promscale.config.SettingFormer.Fate.RENAMED;
import static org.promscale.config.SettingFormer.Fate.SAME;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Every flag of the first Promscale, in four lists; none of them is ever ignored. JDK only. */
public final class SettingFormers {

  private static final String HEAP = "caches are sized after the heap; set it with java -Xmx.";
  private static final String PROMQL =
      "there is no PromQL inside; ask with SQL, or let a Prometheus in front answer queries.";
  private static final String RULES = "let Prometheus evaluate rules and send alerts.";
  private static final String TRACES =
      "the connector traces nothing; its own metrics are at /metrics.";
  private static final String POOL = "there is one pool of connections: -db.connections-max.";
  private static final String EXTENSION =
      "PostgreSQL alone is enough; TimescaleDB is used where you installed it with CREATE EXTENSION.";
  private static final String SCHEMA =
      "every start brings the schema up to date, one connector at a time, the others running.";
  private static final String VACUUM = "PostgreSQL's autovacuum does this; nothing to set here.";
  private static final String DATASET =
      "-metrics.retention says how long samples are kept; partitions are of one day.";
  private static final String TENANTS = "every sample belongs to one tenant; leave it out.";
  private static final String ONE_USER =
      "users stand in files, several of them and changed without a restart: ";

  private static final List<SettingFormer> ALL = new ArrayList<>();

  static {
    add(SAME, "", "auth.tls-cert-file", "auth.tls-key-file", "db.host", "db.port");
    add(SAME, "", "db.password", "db.uri", "web.listen-address", "web.enable-admin-api");
    add(SAME, "no file is read unless it is given", "config");
    add(SAME, "default promscale, was timescale", "db.name");
    add(SAME, "default promscale, was postgres", "db.user");
    add(SAME, "default prefer, was require", "db.ssl-mode");
    add(SAME, "default 20, was 80 % of the server's", "db.connections-max");
    add(SAME, "the label names can be chosen", "metrics.high-availability");
    add(SAME, "", "telemetry.log.level");
    add(SAME, "several tokens, each of 16 characters or more", "web.auth.bearer-token-file");
    add(SAME, "several patterns in one value, separated by commas", "web.auth.ignore-path");

    add(RENAMED, "db.num-writers", "db.connections.num-writers");
    add(RENAMED, "db.synchronous-commit", "db.connections.writer-pool.synchronous-commit");
    // Names from before 0.11.
    add(RENAMED, "metrics.high-availability", "high-availability");
    add(RENAMED, "telemetry.log.level", "log-level");
    add(RENAMED, "auth.tls-cert-file", "tls-cert-file");
    add(RENAMED, "auth.tls-key-file", "tls-key-file");

    add(NOT_YET, "a connector always stores; leave it out.", "db.read-only");
    add(NOT_YET, TENANTS, "metrics.multi-tenancy", "metrics.multi-tenancy.allow-non-tenants");
    add(NOT_YET, TENANTS, "metrics.multi-tenancy.valid-tenants");
    add(NOT_YET, TENANTS, "metrics.multi-tenancy.experimental.label-queries");
    add(NOT_YET, "lines have one format: time, level, place, message.", "telemetry.log.format");
    add(NOT_YET, "there are no queries for browsers to send.", "web.cors-origin");

    add(GONE, DATASET, "startup.dataset", "startup.dataset.config");
    add(GONE, HEAP, "cache.memory-target", "metrics.cache.metrics.size");
    add(GONE, HEAP, "metrics.cache.labels.size", "metrics.cache.exemplar.size");
    add(GONE, HEAP, "metrics.cache.series.initial-size", "metrics.cache.series.max-bytes");
    add(
        GONE,
        HEAP,
        "metrics.cache.inverted-labels.size",
        "metrics.cache.inverted-labels.max-bytes");
    add(GONE, PROMQL, "enable-feature", "metrics.promql.query-timeout");
    add(GONE, PROMQL, "metrics.promql.lookback-delta");
    add(GONE, PROMQL, "metrics.promql.default-subquery-step-interval");
    add(GONE, PROMQL, "metrics.promql.max-samples", "metrics.promql.max-points-per-ts");
    add(
        GONE,
        RULES,
        "metrics.rules.config-file",
        "metrics.alertmanager.notification-queue-capacity");
    add(GONE, RULES, "metrics.rules.alert.for-outage-tolerance");
    add(GONE, RULES, "metrics.rules.alert.for-grace-period", "metrics.rules.alert.resend-delay");
    add(GONE, TRACES, "telemetry.trace.otel-endpoint", "telemetry.trace.otel-tls-cert-file");
    add(GONE, TRACES, "telemetry.trace.otel-tls-key-file", "telemetry.trace.jaeger-endpoint");
    add(GONE, TRACES, "telemetry.trace.sampling-ratio");
    add(GONE, POOL, "db.connections.writer-pool.size", "db.connections.reader-pool.size");
    add(GONE, POOL, "db.connections.maint-pool.size");
    add(GONE, EXTENSION, "startup.install-extensions", "startup.upgrade-extensions");
    add(GONE, EXTENSION, "startup.upgrade-prerelease-extensions");
    add(GONE, SCHEMA, "startup.use-schema-version-lease", "startup.only", "startup.skip-migrate");
    add(GONE, SCHEMA, "migrate");
    add(GONE, VACUUM, "vacuum.disable", "vacuum.run-frequency", "vacuum.parallelism");
    add(
        GONE,
        "give ?application_name=NAME in -db.uri; sessions are called promscale without.",
        "db.app");
    add(
        GONE,
        "give ?connect_timeout=SECONDS in -db.uri; it is 5 s without.",
        "db.connection-timeout");
    add(
        GONE,
        "statements are prepared by the driver; PgBouncer 1.21 and newer carries that.",
        "db.statements-cache");
    add(
        GONE,
        "an answer comes after the commit, else data is lost with the process;"
            + " -db.synchronous-commit=false makes commits cheap.",
        "metrics.async-acks");
    add(
        GONE,
        "late samples are stored, compressed or not.",
        "metrics.ignore-samples-written-to-compressed-chunks");
    add(
        GONE,
        "the rate is in the metrics: rate(promscale_ingest_items_total[1m]).",
        "telemetry.log.throughput-report-interval");
    add(GONE, "there is no Thanos StoreAPI; ask with SQL.", "thanos.store-api.server-address");
    add(GONE, "the connector's own metrics are always at /metrics.", "web.telemetry-path");
    add(GONE, ONE_USER + "-web.auth.basic-file.", "web.auth.username", "web.auth.password");
    add(GONE, ONE_USER + "-web.auth.basic-file.", "web.auth.password-file");
    add(GONE, ONE_USER + "-web.auth.bearer-token-file.", "web.auth.bearer-token");
    // Both only as environment variables there.
    add(GONE, "the log is never silent; -telemetry.log.level=error is the least.", "logging");
    add(GONE, "nothing asks how the connector was installed; leave it out.", "pkg");
  }

  private SettingFormers() {}

  private static void add(SettingFormer.Fate fate, String text, String... keys) {
    for (String key : keys) {
      ALL.add(new SettingFormer(key, fate, text));
    }
  }

  /** Returns the flags of one list, by name. */
  public static List<SettingFormer> in(SettingFormer.Fate fate) {
    return ALL.stream()
        .filter(former -> former.fate() == fate)
        .sorted(Comparator.comparing(SettingFormer::key))
        .toList();
  }

  /** Returns the flag with this name, if there was one. */
  public static Optional<SettingFormer> find(String key) {
    return ALL.stream().filter(former -> former.key().equals(key)).findFirst();
  }

  static List<SettingFormer> all() {
    return List.copyOf(ALL);
  }
}
