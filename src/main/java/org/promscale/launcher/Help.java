package org.promscale.launcher;

import java.util.ArrayList;
import java.util.List;
import org.promscale.config.Setting;
import org.promscale.config.Settings;

/** The text of {@code -help}, made from the table of settings. */
final class Help {
  private static final int WIDTH = 88;
  private static final String INDENT = "        ";

  private Help() {}

  /** Returns the whole text, lines ended by a newline. */
  static String text() {
    StringBuilder text = new StringBuilder(1024);
    text.append("Usage: java -jar promscale.jar [flags]\n\n");
    text.append("Receives Prometheus remote write and stores it in PostgreSQL.\n");
    text.append("Flags are written -name=value or -name value. Each one can come from the\n");
    text.append(
        "environment instead: PROMSCALE_ and its name in upper case, with _ for . and -,\n");
    text.append(
        "for instance PROMSCALE_DB_URI, or from the YAML file of -config. A flag wins over a\n");
    text.append("variable, a variable over the file.\n");
    for (Setting.Group group : Setting.Group.values()) {
      text.append('\n').append(group.title()).append(":\n");
      Settings.all().stream()
          .filter(setting -> setting.group() == group)
          .forEach(setting -> append(text, setting));
    }
    text.append("\nOther:\n");
    text.append("  -help\n").append(INDENT).append("Print this text.\n");
    text.append("  -version\n").append(INDENT).append("Print the version.\n");
    return text.toString();
  }

  private static void append(StringBuilder text, Setting setting) {
    text.append("  -").append(setting.key());
    if (setting.kind() != Setting.Kind.FLAG) {
      text.append(' ').append(setting.kind() == Setting.Kind.SECRET ? "TEXT" : setting.kind());
    }
    text.append('\n');
    String help = setting.help();
    if (!setting.defaultValue().isEmpty()) {
      help += " Default: " + setting.defaultValue() + ".";
    }
    for (String line : wrap(help)) {
      text.append(INDENT).append(line).append('\n');
    }
  }

  private static List<String> wrap(String help) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : help.split(" ", -1)) {
      if (line.length() > 0 && INDENT.length() + line.length() + 1 + word.length() > WIDTH) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.length() == 0 ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }
}
