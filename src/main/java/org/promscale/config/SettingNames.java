package org.promscale.config;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Judges names that an operator wrote: what is no setting is refused with one line that says what
 * was meant, or what became of it. Stateless; JDK only.
 */
public enum SettingNames {
  /** On the command line, as {@code -db.host}. */
  FLAG("flag"),
  /** In the environment, as {@code PROMSCALE_DB_HOST}. */
  VARIABLE("variable"),
  /** In a file, as {@code db.host}. */
  FILE("key"),
  /** As a system property or MicroProfile Config key, as {@code promscale.db.host}. */
  PROPERTY("setting");

  private static final String ENVIRONMENT_PREFIX = environment("");

  /** What Kubernetes puts into containers beside a Service whose name begins like ours. */
  private static final Pattern OF_KUBERNETES =
      Pattern.compile(".*_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT_\\d+_(TCP|UDP|SCTP)(_.+)?|PORT)");

  private final String noun;

  SettingNames(String noun) {
    this.noun = noun;
  }

  /** Returns a setting's name in this way of writing. */
  public String of(String key) {
    return switch (this) {
      case FLAG -> "-" + key;
      case VARIABLE -> environment(key);
      case FILE -> key;
      case PROPERTY -> Setting.PREFIX + key;
    };
  }

  /**
   * Returns the variable that may stand for a property, whose name begins with our prefix or not.
   */
  public static String variableOf(String property) {
    return property.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
  }

  /** Returns the environment variable of a key. */
  static String environment(String key) {
    return variableOf(Setting.PREFIX + key);
  }

  /**
   * Returns what is wrong with a name, in one sentence; empty where it is that of a setting, or
   * none of our business.
   *
   * @param name as the operator wrote it
   */
  public Optional<String> trouble(String name) {
    if (Settings.all().stream().anyMatch(setting -> of(setting.key()).equals(name))) {
      return Optional.empty();
    }
    if (isOfOthers(name)) {
      return Optional.empty();
    }
    Optional<SettingFormer> former =
        SettingFormers.all().stream().filter(f -> of(f.key()).equals(name)).findFirst();
    if (former.isPresent()) {
      return former.map(f -> f.refusal(name, of(f.text())));
    }
    List<String> known = Settings.all().stream().map(setting -> of(setting.key())).toList();
    return Optional.of(
        "unknown " + noun + " " + name + "; did you mean " + SettingNearest.of(name, known) + "?");
  }

  /**
   * Tells whether longer names begin with this one, as {@code db} and {@code db.embedded}; what was
   * a whole name in the first Promscale does not count.
   */
  public boolean groups(String name) {
    String beginning = name + ".";
    return SettingFormers.all().stream()
            .noneMatch(f -> f.fate() != SettingFormer.Fate.SAME && of(f.key()).equals(name))
        && (Settings.all().stream().anyMatch(s -> of(s.key()).startsWith(beginning))
            || SettingFormers.all().stream().anyMatch(f -> of(f.key()).startsWith(beginning)));
  }

  private boolean isOfOthers(String name) {
    return switch (this) {
      case FLAG, FILE -> false;
      case VARIABLE ->
          !name.startsWith(ENVIRONMENT_PREFIX) || OF_KUBERNETES.matcher(name).matches();
      case PROPERTY -> !name.startsWith(Setting.PREFIX);
    };
  }
}
