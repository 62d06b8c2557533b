package org.promscale.launcher;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * One line per log record: time in UTC, level, last part of the logger's name, message; a stack
 * trace follows where there is one. Public, because the log manager makes it by name.
 */
public final class LineFormatter extends Formatter {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  @Override
  public String format(LogRecord entry) {
    StringBuilder line = new StringBuilder();
    line.append(TIME.format(entry.getInstant())).append(' ').append(name(entry.getLevel()));
    String logger = entry.getLoggerName();
    if (logger != null && !logger.isEmpty()) {
      line.append(' ').append(logger.substring(logger.lastIndexOf('.') + 1));
    }
    line.append(' ').append(formatMessage(entry).strip().replaceAll("\\s*\\R\\s*", " | "));
    line.append(System.lineSeparator());
    if (entry.getThrown() != null) {
      StringWriter trace = new StringWriter();
      entry.getThrown().printStackTrace(new PrintWriter(trace, true));
      line.append(trace);
    }
    return line.toString();
  }

  private static String name(Level level) {
    if (level.intValue() >= Level.SEVERE.intValue()) {
      return "ERROR";
    }
    if (level.intValue() >= Level.WARNING.intValue()) {
      return "WARN ";
    }
    return level.intValue() >= Level.INFO.intValue() ? "INFO " : "DEBUG";
  }
}
