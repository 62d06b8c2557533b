package org.promscale.launcher;

import java.nio.file.Path;
import java.util.function.Consumer;
import org.promscale.config.Setting;
import org.promscale.config.SettingPasswordFile;
import org.promscale.config.SettingTokenFile;
import org.promscale.config.Settings;

/** Refuses a start after which anybody, or nobody, could send or steer. */
final class AdminAccess {

  private AdminAccess() {}

  /**
   * Checks files of users wherever they are named, so that a mistake shows when it is made.
   *
   * @throws LaunchFailure with the one line the operator needs
   */
  static void check(Options options) throws LaunchFailure {
    boolean users =
        !options.text(Settings.BEARER_TOKEN_FILE).isEmpty()
            || !options.text(Settings.BASIC_FILE).isEmpty();
    if (!users && Boolean.parseBoolean(options.text(Settings.ADMIN_API))) {
      throw needsUsers(options, Settings.ADMIN_API, "without a user nobody may use it");
    }
    if (!users && !options.text(Settings.IGNORE_PATH).isEmpty()) {
      throw needsUsers(options, Settings.IGNORE_PATH, "without users every path is open");
    }
    check(options, Settings.BEARER_TOKEN_FILE, SettingTokenFile::read);
    check(options, Settings.BASIC_FILE, SettingPasswordFile::read);
  }

  private static LaunchFailure needsUsers(Options options, Setting setting, String why) {
    return LaunchFailure.usage(
        options.nameOf(setting)
            + " needs "
            + options.nameOf(Settings.BEARER_TOKEN_FILE)
            + " or "
            + options.nameOf(Settings.BASIC_FILE)
            + ": "
            + why);
  }

  private static void check(Options options, Setting setting, Consumer<Path> reader)
      throws LaunchFailure {
    String file = options.text(setting);
    if (file.isEmpty()) {
      return;
    }
    try {
      reader.accept(Path.of(file));
    } catch (IllegalArgumentException e) {
      throw LaunchFailure.environment(
          options.nameOf(setting) + ": " + file + ": " + e.getMessage());
    }
  }
}
