package org.promscale.config;

/**
 * One row of the table of settings. Immutable.
 *
 * @param key the name after the dash on the command line, for instance {@code db.uri}
 * @param kind how its text is read
 * @param defaultValue the text that stands in where nothing is given; empty means "not set"
 * @param scope where the setting works
 * @param group the heading it stands under in {@code -help}
 * @param help one or two sentences for an operator, without the default
 * @param form what its text must look like
 */
public record Setting(
    String key,
    Kind kind,
    String defaultValue,
    Scope scope,
    Group group,
    String help,
    SettingForm form) {

  /** Makes a row whose text has the form of its kind. */
  public Setting(
      String key, Kind kind, String defaultValue, Scope scope, Group group, String help) {
    this(key, kind, defaultValue, scope, group, help, SettingForm.of(kind));
  }

  /** How the text of a setting is read. */
  public enum Kind {
    /** Any text. */
    TEXT,
    /** Text that must never be printed. */
    SECRET,
    /** {@code true} or {@code false}; a bare flag means {@code true}. */
    FLAG,
    /** A whole number. */
    NUMBER,
    /**
     * A number of bytes, with an optional suffix {@code KB}, {@code MB}, {@code GB} (1024-based).
     */
    BYTES,
    /**
     * A positive length of time in h, m, s and ms, as {@code 500ms}, {@code 15s}, {@code 1h30m}.
     */
    DURATION,
    /** A path of the file system. */
    PATH
  }

  /** Where a setting works: everywhere, or only in the uber-jar because a server has its own. */
  public enum Scope {
    /** In every shape of delivery. */
    EVERYWHERE(""),
    /** The file of settings. */
    FILE("give each setting to MicroProfile Config, as a system property for instance"),
    /** Where the database is and how to log in. */
    DATA_SOURCE(
        "WildFly: connection-url, user-name and password of the data source promscale; Payara:"
            + " properties of the JDBC connection pool promscale"),
    /** How many connections there are. */
    POOL(
        "WildFly: max-pool-size of the data source promscale; Payara: max-pool-size of the JDBC"
            + " connection pool promscale"),
    /** The embedded database. */
    EMBEDDED("there is no embedded database; the data source jdbc/promscale names yours"),
    /** Where the server listens. */
    LISTENER(
        "WildFly: interface public and socket-binding http; Payara: address and port of"
            + " http-listener-1"),
    /** Certificate and key. */
    TLS("WildFly: ssl-context of the https-listener; Payara: SSL tab of http-listener-2"),
    /** What is logged. */
    LOG(
        "WildFly: /subsystem=logging/logger=org.promscale; Payara: asadmin set-log-levels"
            + " org.promscale=LEVEL");

    private final String inWar;

    Scope(String inWar) {
      this.inWar = inWar;
    }

    /** Returns what to set in a server that runs the WAR; empty where our setting works there. */
    public String inWar() {
      return inWar;
    }
  }

  /** Headings of {@code -help}, in print order. */
  public enum Group {
    GENERAL("General"),
    METRICS("Metrics and high availability"),
    DATABASE("Database"),
    EMBEDDED("Embedded database"),
    WEB("Web"),
    TELEMETRY("Telemetry");

    private final String title;

    Group(String title) {
      this.title = title;
    }

    /** Returns the heading as printed. */
    public String title() {
      return title;
    }
  }

  /** Prefix of a key among system properties and in MicroProfile Config. */
  public static final String PREFIX = "promscale.";

  /**
   * System property that says, with {@code true}, that the launcher has judged all names already:
   * it owns what a server would own.
   */
  public static final String JUDGED = "org.promscale.launcher.judged";

  /** Returns the key's name as a system property and in MicroProfile Config. */
  public String property() {
    return PREFIX + key;
  }

  /** Returns the environment variable that sets the key. */
  public String environment() {
    return SettingNames.environment(key);
  }
}
