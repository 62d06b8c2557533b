package org.promscale.boot;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.promscale.config.Setting;
import org.promscale.config.SettingPasswordFile;
import org.promscale.config.SettingTokenFile;
import org.promscale.config.Settings;
import org.promscale.config.SettingsReader;
import org.promscale.security.Access;
import org.promscale.security.UserFile;

/** Who may send requests, from the settings. */
final class AccessSettings {

  private static final Logger LOG = System.getLogger(AccessSettings.class.getName());

  private AccessSettings() {}

  /**
   * Reads the files of users.
   *
   * @throws IllegalArgumentException with one sentence, after which the application must not start:
   *     anybody, or nobody, could send
   */
  static Access access(SettingsReader settings, InstantSource clock) {
    try {
      List<UserFile> users = new ArrayList<>();
      add(
          users,
          UserFile.Scheme.BEARER,
          settings,
          Settings.BEARER_TOKEN_FILE,
          SettingTokenFile::read,
          clock);
      add(
          users,
          UserFile.Scheme.BASIC,
          settings,
          Settings.BASIC_FILE,
          SettingPasswordFile::read,
          clock);
      return new Access(users, settings.parsed(Settings.IGNORE_PATH, Access::patterns));
    } catch (IllegalArgumentException e) {
      // Servers bury the reason for a failed deployment in traces.
      LOG.log(Level.ERROR, "Promscale does not start: {0}", e.getMessage());
      throw e;
    }
  }

  private static void add(
      List<UserFile> users,
      UserFile.Scheme scheme,
      SettingsReader settings,
      Setting setting,
      Function<Path, Map<String, String>> reader,
      InstantSource clock) {
    String file = settings.text(setting);
    if (!file.isEmpty()) {
      users.add(new UserFile(scheme, Path.of(file), reader, clock));
    }
  }
}
