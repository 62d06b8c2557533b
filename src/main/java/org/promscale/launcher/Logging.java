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
 * the server's only from warnings on. A log manager of our own, because the JDK's takes all
 * handlers away as soon as the process is told to end, and the end is worth a log.
 */
public final class Logging extends LogManager {
  /** System property with the level from which the server's records are shown. */
  static final String SERVER_LEVEL = "org.promscale.launcher.server-log-level";

  private volatile boolean kept;

  /** Names this class to the JDK; only before the first use of any logger. */
  static void install() {
    System.setProperty("java.util.logging.manager", Logging.class.getName());
  }

  /** Keeps the settings in force until the very end of the process. */
  static void keep() {
    if (LogManager.getLogManager() instanceof Logging ours) {
      ours.kept = true;
    }
  }

  @Override
  public void reset() {
    if (!kept) {
      super.reset();
    }
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
        "org.promscale.level=" + own,
        "");
  }
}
