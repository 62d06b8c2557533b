package org.promscale.launcher;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.logging.LogManager;

/**
 * Log settings of the whole process: our own records at the wanted level, the server's only from
 * warnings on, all on the standard error output.
 */
final class Logging {

  private Logging() {}

  /**
   * Puts the settings into force, and into a file for the server, which reads its own at its start.
   *
   * @param level {@code debug}, {@code info}, {@code warn} or {@code error}
   */
  static Path configure(String level, Path directory) throws IOException {
    String text = properties(level.toLowerCase(Locale.ROOT));
    Path file = directory.resolve("promscale-logging.properties");
    Files.writeString(file, text);
    LogManager.getLogManager()
        .readConfiguration(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    return file;
  }

  private static String properties(String level) {
    String own =
        switch (level) {
          case "debug" -> "FINE";
          case "warn" -> "WARNING";
          case "error" -> "SEVERE";
          default -> "INFO";
        };
    String server = level.equals("debug") ? "INFO" : level.equals("error") ? "SEVERE" : "WARNING";
    return String.join(
        "\n",
        "handlers=java.util.logging.ConsoleHandler",
        "java.util.logging.ConsoleHandler.level=ALL",
        "java.util.logging.ConsoleHandler.formatter=" + LineFormatter.class.getName(),
        ".level=" + server,
        "org.promscale.level=" + own,
        "");
  }
}
