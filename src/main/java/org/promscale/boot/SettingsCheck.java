package org.promscale.boot;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.promscale.config.Setting;
import org.promscale.config.SettingNames;
import org.promscale.config.Settings;
import org.promscale.config.SettingsReader;

/** Judges what reaches the WAR as settings, before any of it is used. Stateless. */
final class SettingsCheck {

  private static final Logger LOG = System.getLogger(SettingsCheck.class.getName());

  private SettingsCheck() {}

  /**
   * Warns of settings that the server owns.
   *
   * @param properties names in MicroProfile Config
   * @param environment variables of the process
   * @throws IllegalArgumentException with one sentence, after which the application must not start:
   *     a name is unknown, or a value does not fit
   */
  static void run(
      SettingsReader settings, Iterable<String> properties, Map<String, String> environment) {
    try {
      warnings(settings, properties, environment).forEach(line -> LOG.log(Level.WARNING, line));
    } catch (IllegalArgumentException e) {
      // Servers bury the reason for a failed deployment in traces.
      LOG.log(Level.ERROR, "Promscale does not start: {0}", e.getMessage());
      throw e;
    }
  }

  static List<String> warnings(
      SettingsReader settings, Iterable<String> properties, Map<String, String> environment) {
    List<String> warnings = new ArrayList<>();
    for (String name : new TreeSet<>(environment.keySet())) {
      judge(SettingNames.VARIABLE, name, warnings);
    }
    TreeSet<String> names = new TreeSet<>();
    properties.forEach(names::add);
    for (String name : names) {
      // Some servers list each variable also as the property that it might be meant for.
      if (!environment.containsKey(SettingNames.variableOf(name))) {
        judge(SettingNames.PROPERTY, name, warnings);
      }
    }
    for (Setting setting : Settings.all()) {
      if (setting.scope() == Setting.Scope.EVERYWHERE) {
        settings.requireForm(setting);
      }
    }
    return warnings;
  }

  private static void judge(SettingNames way, String name, List<String> warnings) {
    Optional<String> trouble = way.trouble(name);
    if (trouble.isPresent()) {
      throw new IllegalArgumentException(trouble.get());
    }
    Settings.all().stream()
        .filter(setting -> way.of(setting.key()).equals(name))
        .filter(setting -> setting.scope() != Setting.Scope.EVERYWHERE)
        .map(setting -> name + " does nothing in a server. " + setting.scope().inWar())
        .forEach(warnings::add);
  }
}
