package org.promscale.config;

import static org.promscale.config.Setting.Group.DATABASE;
import static org.promscale.config.Setting.Group.EMBEDDED;
import static org.promscale.config.Setting.Group.GENERAL;
import static org.promscale.config.Setting.Group.METRICS;
import static org.promscale.config.Setting.Group.TELEMETRY;
import static org.promscale.config.Setting.Group.WEB;
import static org.promscale.config.Setting.Kind.BYTES;
import static org.promscale.config.Setting.Kind.DURATION;
import static org.promscale.config.Setting.Kind.FLAG;
import static org.promscale.config.Setting.Kind.NUMBER;
import static org.promscale.config.Setting.Kind.PATH;
import static org.promscale.config.Setting.Kind.SECRET;
import static org.promscale.config.Setting.Kind.TEXT;
import static org.promscale.config.Setting.Scope.EVERYWHERE;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The table of settings: flags, environment variables, MicroProfile Config keys and {@code -help}
 * all come from it. JDK only, because the launcher reads it outside the web application.
 */
public final class Settings {

  public static final Setting CONFIG =
      new Setting(
          "config",
          PATH,
          "",
          Setting.Scope.FILE,
          GENERAL,
          "YAML file of settings, by their names without the dash, flat or nested. Variables and"
              + " flags win over it.");

  public static final Setting HIGH_AVAILABILITY =
      new Setting(
          "metrics.high-availability",
          FLAG,
          "false",
          EVERYWHERE,
          METRICS,
          "Elect one leader per cluster of Prometheus replicas and store only its samples.");

  public static final Setting HA_LABELS =
      new Setting(
          "metrics.high-availability.labels",
          TEXT,
          "cluster/__replica__",
          EVERYWHERE,
          METRICS,
          "Names of the labels that say which cluster and which replica sent a series: pairs,"
              + " separated by commas, of which the first one that is complete decides. The"
              + " replica label is not stored. Prometheus Operator:"
              + " prometheus/prometheus_replica.",
          SettingForm.labelPairs());

  public static final Setting HA_MISSING_LABELS =
      new Setting(
          "metrics.high-availability.missing-labels",
          TEXT,
          "reject",
          EVERYWHERE,
          METRICS,
          "What becomes of series without these labels. reject: refused with 400, the rest of the"
              + " request is stored. accept: stored from every sender.",
          SettingForm.oneOf("reject", "accept"));

  public static final Setting HA_LEADER_TIMEOUT =
      new Setting(
          "metrics.high-availability.leader-timeout",
          TEXT,
          "auto",
          EVERYWHERE,
          METRICS,
          "How long a leader may be silent before another replica takes over, for instance 60s or"
              + " 5m. auto: three times the interval at which it sends, 15 s at the least.",
          SettingForm.durationOr("auto"));

  public static final Setting HA_MAX_CLUSTERS =
      new Setting(
          "metrics.high-availability.max-clusters",
          NUMBER,
          "1000",
          EVERYWHERE,
          METRICS,
          "Most clusters that are kept; series of further ones are refused with 400.",
          SettingForm.number(1, 1_000_000));

  public static final Setting HA_HOLD_MAX_BYTES =
      new Setting(
          "metrics.high-availability.hold-max-bytes",
          BYTES,
          "",
          EVERYWHERE,
          METRICS,
          "Recent requests of standbys kept in memory, compressed, in bytes; beyond it standbys get"
              + " 503 and keep them. Default: an eighth of the heap.");

  public static final Setting MAX_FUTURE =
      new Setting(
          "metrics.high-availability.max-future",
          DURATION,
          "10m",
          EVERYWHERE,
          METRICS,
          "How far ahead of the connector's and the database's clocks a sample may be, with or"
              + " without high availability; later ones are refused with 400.");

  /** The word of {@link #RETENTION} for no end. */
  public static final String FOREVER = "forever";

  public static final Setting RETENTION =
      new Setting(
          "metrics.retention",
          TEXT,
          "",
          EVERYWHERE,
          METRICS,
          "How long samples are kept, for instance 90d, or forever; older ones are dropped and"
              + " refused with 400. Written to the database at the start, for all connectors; a"
              + " metric can have its own. Default: as the database says, 90 days at first.",
          SettingForm.durationOr(FOREVER, Duration.ofHours(1), "1h"));

  public static final Setting DB_URI =
      new Setting(
          "db.uri",
          SECRET,
          "",
          Setting.Scope.DATA_SOURCE,
          DATABASE,
          "Database as postgres://user:password@host:port/name?sslmode=MODE."
              + " Without it and without -db.host an embedded PostgreSQL starts.");

  public static final Setting DB_HOST =
      new Setting("db.host", TEXT, "", Setting.Scope.DATA_SOURCE, DATABASE, "Database host.");

  public static final Setting DB_PORT =
      new Setting("db.port", NUMBER, "5432", Setting.Scope.DATA_SOURCE, DATABASE, "Database port.");

  public static final Setting DB_NAME =
      new Setting(
          "db.name", TEXT, "promscale", Setting.Scope.DATA_SOURCE, DATABASE, "Database name.");

  public static final Setting DB_USER =
      new Setting(
          "db.user", TEXT, "promscale", Setting.Scope.DATA_SOURCE, DATABASE, "Database user.");

  public static final Setting DB_PASSWORD =
      new Setting(
          "db.password",
          SECRET,
          "",
          Setting.Scope.DATA_SOURCE,
          DATABASE,
          "Password of the database user. Other users of the machine can read a command line:"
              + " prefer -db.password-file or PROMSCALE_DB_PASSWORD.");

  public static final Setting DB_PASSWORD_FILE =
      new Setting(
          "db.password-file",
          PATH,
          "",
          Setting.Scope.DATA_SOURCE,
          DATABASE,
          "File whose first line is the password of the database user.");

  public static final Setting DB_SSL_MODE =
      new Setting(
          "db.ssl-mode",
          TEXT,
          "prefer",
          Setting.Scope.DATA_SOURCE,
          DATABASE,
          "disable, allow, prefer, require, verify-ca or verify-full, as libpq defines them.");

  public static final Setting DB_CONNECTIONS_MAX =
      new Setting(
          "db.connections-max",
          NUMBER,
          "20",
          Setting.Scope.POOL,
          DATABASE,
          "Most connections this connector opens to the database: at least 8 more than"
              + " -db.num-writers.",
          SettingForm.number(9, 10_000));

  public static final Setting DB_NUM_WRITERS =
      new Setting(
          "db.num-writers",
          NUMBER,
          "2",
          EVERYWHERE,
          DATABASE,
          "Transactions that store samples at the same time.",
          SettingForm.number(1, 64));

  public static final Setting DB_QUEUE_MAX_BYTES =
      new Setting(
          "db.queue-max-bytes",
          BYTES,
          "",
          EVERYWHERE,
          DATABASE,
          "Decoded requests that may wait for a writer, in bytes; beyond it senders get 503."
              + " Default: an eighth of the heap.");

  public static final Setting DB_SYNCHRONOUS_COMMIT =
      new Setting(
          "db.synchronous-commit",
          FLAG,
          "true",
          EVERYWHERE,
          DATABASE,
          "Answer a sender only after PostgreSQL has flushed its data to disk."
              + " false: a crash of the database can lose the last acknowledged second.");

  public static final Setting EMBEDDED_DATA_DIR =
      new Setting(
          "db.embedded.data-dir",
          PATH,
          "promscale-data",
          Setting.Scope.EMBEDDED,
          EMBEDDED,
          "Directory of the embedded PostgreSQL.");

  public static final Setting EMBEDDED_PORT =
      new Setting(
          "db.embedded.port",
          NUMBER,
          "0",
          Setting.Scope.EMBEDDED,
          EMBEDDED,
          "Loopback port of the embedded PostgreSQL; 0 picks a free one at the first start"
              + " and keeps it.");

  public static final Setting LISTEN_ADDRESS =
      new Setting(
          "web.listen-address",
          TEXT,
          ":9201",
          Setting.Scope.LISTENER,
          WEB,
          "Address and port to listen on, for instance :9201 or 127.0.0.1:9201.");

  public static final Setting ADMIN_API =
      new Setting(
          "web.enable-admin-api",
          FLAG,
          "false",
          EVERYWHERE,
          WEB,
          "Let operators hand over, pin and drain leadership: POST /api/v1/ha/clusters/..."
              + " Needs users, of a file or of the server's own security.");

  public static final Setting BEARER_TOKEN_FILE =
      new Setting(
          "web.auth.bearer-token-file",
          PATH,
          "",
          EVERYWHERE,
          WEB,
          "File of tokens of 16 characters or more, one a line, on request after a name and a"
              + " space. With it or -web.auth.basic-file every request must come from a user of a file,"
              + " except for /-/healthy, /-/ready and /healthz. Read again when it changes.");

  public static final Setting BASIC_FILE =
      new Setting(
          "web.auth.basic-file",
          PATH,
          "",
          EVERYWHERE,
          WEB,
          "File of users for basic authentication, name:password, one a line, passwords of 8"
              + " characters or more. Read again when it changes.");

  public static final Setting IGNORE_PATH =
      new Setting(
          "web.auth.ignore-path",
          TEXT,
          "",
          EVERYWHERE,
          WEB,
          "Paths that need no user, separated by commas; * stands for any text without a slash, **"
              + " for any text, for instance /metrics,/api/v1/ha/**. Orders of the admin API need"
              + " one all the same.");

  public static final Setting TLS_CERT_FILE =
      new Setting(
          "auth.tls-cert-file",
          PATH,
          "",
          Setting.Scope.TLS,
          WEB,
          "PEM file of the certificate, then those that vouch for it. With it only HTTPS is spoken."
              + " Read at the start.");

  public static final Setting TLS_KEY_FILE =
      new Setting(
          "auth.tls-key-file",
          PATH,
          "",
          Setting.Scope.TLS,
          WEB,
          "PEM file of the certificate's key, PKCS 8 without a password.");

  public static final Setting LOG_LEVEL =
      new Setting(
          "telemetry.log.level",
          TEXT,
          "info",
          Setting.Scope.LOG,
          TELEMETRY,
          "debug, info, warn or error.",
          SettingForm.oneOf("debug", "info", "warn", "error"));

  private static final List<Setting> ALL =
      List.of(
          CONFIG,
          HIGH_AVAILABILITY,
          HA_LABELS,
          HA_MISSING_LABELS,
          HA_LEADER_TIMEOUT,
          HA_MAX_CLUSTERS,
          HA_HOLD_MAX_BYTES,
          MAX_FUTURE,
          RETENTION,
          DB_URI,
          DB_HOST,
          DB_PORT,
          DB_NAME,
          DB_USER,
          DB_PASSWORD,
          DB_PASSWORD_FILE,
          DB_SSL_MODE,
          DB_CONNECTIONS_MAX,
          DB_NUM_WRITERS,
          DB_QUEUE_MAX_BYTES,
          DB_SYNCHRONOUS_COMMIT,
          EMBEDDED_DATA_DIR,
          EMBEDDED_PORT,
          LISTEN_ADDRESS,
          ADMIN_API,
          BEARER_TOKEN_FILE,
          BASIC_FILE,
          IGNORE_PATH,
          TLS_CERT_FILE,
          TLS_KEY_FILE,
          LOG_LEVEL);

  private Settings() {}

  /** Returns every setting, in the order of {@code -help}. */
  public static List<Setting> all() {
    return ALL;
  }

  /** Returns the setting with this key, if there is one. */
  public static Optional<Setting> find(String key) {
    return ALL.stream().filter(s -> s.key().equals(key)).findFirst();
  }
}
