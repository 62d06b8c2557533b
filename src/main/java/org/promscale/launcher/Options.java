package org.promscale.launcher;

import java.util.LinkedHashMap;
import java.util.Map;
import org.promscale.config.Setting;

/**
 * What the operator asked for: one text per setting, and where it came from. Immutable.
 *
 * <p>A setting given as empty text counts as not given, so that an empty variable in a compose file
 * does no harm.
 */
final class Options {

  /** A given text and the name the operator gave it under. */
  record Given(String text, String name) {}

  private final Map<Setting, Given> given;

  Options(Map<Setting, Given> given) {
    this.given = Map.copyOf(given);
  }

  /** Returns the text of a setting: as given, else its default. */
  String text(Setting setting) {
    Given found = given.get(setting);
    return found == null ? setting.defaultValue() : found.text();
  }

  /** Tells whether the operator gave this setting. */
  boolean has(Setting setting) {
    return given.containsKey(setting);
  }

  /** Returns the name under which the operator gave the setting: a flag or a variable. */
  String nameOf(Setting setting) {
    Given found = given.get(setting);
    return found == null ? "-" + setting.key() : found.name();
  }

  /** Returns a number; the command line has checked that it is one. */
  int number(Setting setting) {
    return Integer.parseInt(text(setting));
  }

  /**
   * Returns the settings the web application reads, by the name it reads them under. Settings
   * without a text are left out.
   */
  Map<String, String> forWebApplication(Iterable<Setting> table) {
    Map<String, String> properties = new LinkedHashMap<>();
    for (Setting setting : table) {
      String text = text(setting);
      if (setting.scope() == Setting.Scope.EVERYWHERE && !text.isEmpty()) {
        properties.put(setting.property(), text);
      }
    }
    return properties;
  }
}
