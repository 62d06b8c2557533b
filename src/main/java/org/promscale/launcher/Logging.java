package org.promscale.launcher;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.logging.LogManager;

/**
 * The log of the whole process on the standard error output: our own records at the wanted level,
 * the server's only from warnings on.
 */
final class Logging {
  /** System property with the level from which the server's records are shown. */
  static final String SERVER_LEVEL = "org.promscale.launcher.server-log-level";

  private Logging() {}

  /** Names our log manager to the JDK; only before the first use of any logger. */
  static void install() {
    // Its name as text: naming the class would load the JDK's log manager, and settle on that one.
    System.setProperty("java.util.logging.manager", "org.promscale.launcher.LogKeeper");
  }

  /**
   * Puts the settings into force, and into a file for the server, which reads its own at its start.
   *
   * @param level {@code debug}, {@code info}, {@code warn} or {@code error}
   * @return the file
   */
  static Path configure(String level, Path directory) throws IOException {
    String wanted = level.toLowerCase(Locale.ROOT);
    System.setProperty(
        SERVER_LEVEL,
        wanted.equals("debug") ? "INFO" : wanted.equals("error") ? "SEVERE" : "WARNING");
    String text = properties(wanted);
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
    return String.join(
        "\n",
        "handlers=java.util.logging.ConsoleHandler",
        "java.util.logging.ConsoleHandler.level=ALL",
        "java.util.logging.ConsoleHandler.filter=" + RecordFilter.class.getName(),
        "java.util.logging.ConsoleHandler.formatter=" + LineFormatter.class.getName(),
        ".level=INFO",
        // Two settings that Payara needs and Hibernate would rather see gone.
        "org.hibernate.orm.deprecation.level=SEVERE",
        "org.promscale.level=" + own,
        "");
  }
}
