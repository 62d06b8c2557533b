package org.promscale.config;

import java.util.Locale;

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

  /** Where a setting works. */
  public enum Scope {
    /** In every shape of delivery. */
    EVERYWHERE,
    /** Only in the uber-jar: in a WAR the server owns this business. */
    UBER_JAR
  }

  /** Headings of {@code -help}, in print order. */
  public enum Group {
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

  /** Returns the key's name as a system property and in MicroProfile Config. */
  public String property() {
    return PREFIX + key;
  }

  /** Returns the environment variable that sets the key. */
  public String environment() {
    return property().replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
  }
}
