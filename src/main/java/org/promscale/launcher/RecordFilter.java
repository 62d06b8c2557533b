package org.promscale.launcher;

import java.util.logging.Filter;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * Keeps the server's chatter away: it sets the levels of its loggers by itself, so only the handler
 * can tell it to be quiet. Public, because the log manager makes it by name.
 */
public final class RecordFilter implements Filter {
  private static final String OWN = "org.promscale";

  /** Warns at every start that certificates in the bundled trust store have expired. */
  private static final String EXPIRED = "javax.enterprise.system.security.ssl";

  private final int serverLevel;

  /** Reads the server's level from the log settings in force. */
  public RecordFilter() {
    String level = System.getProperty(Logging.SERVER_LEVEL, Level.WARNING.getName());
    serverLevel = Level.parse(level).intValue();
  }

  @Override
  public boolean isLoggable(LogRecord entry) {
    String logger = String.valueOf(entry.getLoggerName());
    if (logger.startsWith(OWN)) {
      return true;
    }
    boolean expired =
        logger.equals(EXPIRED) && entry.getLevel().intValue() <= Level.WARNING.intValue();
    return entry.getLevel().intValue() >= serverLevel && !expired;
  }
}
