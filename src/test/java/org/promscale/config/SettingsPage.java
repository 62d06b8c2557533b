package org.promscale.config;

import java.util.Locale;

/** The text of docs/settings.md, made from the table of settings and the four lists. */
final class SettingsPage {

  private static final String HEAD =
      """
      # Settings

      Made from the table of settings in the source; a test compares it. `java -jar promscale.jar -help` prints the
      same, `-version` the version.

      | way | spelling | example |
      |---|---|---|
      | flag | `-name=value` or `-name value`, one dash or two; a switch needs no value | `-db.host=db.example.org` |
      | environment | `PROMSCALE_` and the name in upper case, `_` for `.` and `-` | `PROMSCALE_DB_HOST` |
      | YAML file of `-config` | the name, flat or nested | `db: {host: db.example.org}` |
      | in a WAR: MicroProfile Config | `promscale.` and the name, as a system property for instance, or the variable | `-Dpromscale.db.num-writers=4` |

      A flag wins over a variable, a variable over the file, the file over the default. Empty text counts as not given.
      A name that is no setting is refused at the start, with the one that was probably meant; so is every name of the
      first Promscale that does not exist here, and so are settings that contradict each other. Of variables only those
      that Kubernetes makes for a Service (`PROMSCALE_PORT`, `PROMSCALE_SERVICE_HOST` and the like) are left alone.

      ```yaml
      # promscale.yml: java -jar promscale.jar -config=promscale.yml
      metrics.high-availability: true
      db:
        host: db.example.org
        password-file: /etc/promscale/password
      ```

      Where the column *in a WAR* says *the server's*, the setting works in the uber-jar only. In a server it does
      nothing, and a warning in the log names the server's own ([the list](#what-a-server-owns)).
      """;

  private SettingsPage() {}

  static String text() {
    StringBuilder page = new StringBuilder(HEAD);
    for (Setting.Group group : Setting.Group.values()) {
      page.append("\n## ").append(group.title()).append("\n\n");
      page.append("| name | takes | default | in a WAR | |\n|---|---|---|---|---|\n");
      Settings.all().stream().filter(s -> s.group() == group).forEach(s -> row(page, s));
    }
    page.append("\n## What a server owns\n\n| settings | in the server |\n|---|---|\n");
    for (Setting.Scope scope : Setting.Scope.values()) {
      if (scope != Setting.Scope.EVERYWHERE) {
        String keys =
            String.join(
                ", ",
                Settings.all().stream()
                    .filter(s -> s.scope() == scope)
                    .map(s -> "`-" + s.key() + "`")
                    .toList());
        page.append("| ").append(keys).append(" | ").append(scope.inWar()).append(" |\n");
      }
    }
    page.append("\n## Coming from the first Promscale\n");
    list(page, SettingFormer.Fate.SAME, "The same", "name", "what differs");
    list(page, SettingFormer.Fate.RENAMED, "Renamed", "name there", "name here");
    list(page, SettingFormer.Fate.NOT_YET, "Not yet", "name", "until then");
    list(page, SettingFormer.Fate.GONE, "Gone", "name", "why, and what instead");
    return page.toString();
  }

  private static void row(StringBuilder page, Setting setting) {
    String shown = setting.defaultValue().isEmpty() ? "" : "`" + setting.defaultValue() + "`";
    boolean everywhere = setting.scope() == Setting.Scope.EVERYWHERE;
    page.append("| `-").append(setting.key()).append("` | ");
    page.append(setting.kind().name().toLowerCase(Locale.ROOT)).append(" | ");
    page.append(shown).append(" | ").append(everywhere ? "yes" : "the server's").append(" | ");
    page.append(setting.help().replace("|", "\\|").replace("__", "\\_\\_")).append(" |\n");
  }

  private static void list(
      StringBuilder page, SettingFormer.Fate fate, String title, String left, String right) {
    page.append("\n### ").append(title).append("\n\n");
    page.append("| ").append(left).append(" | ").append(right).append(" |\n|---|---|\n");
    for (SettingFormer former : SettingFormers.in(fate)) {
      String text = fate == SettingFormer.Fate.RENAMED ? "`-" + former.text() + "`" : former.text();
      page.append("| `-").append(former.key()).append("` | ").append(text).append(" |\n");
    }
  }
}
