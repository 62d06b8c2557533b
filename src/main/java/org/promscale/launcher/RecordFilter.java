package org.promscale.launcher;

import java.util.List;
import java.util.logging.Filter;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * Keeps the server's chatter away: it sets the levels of its loggers by itself, so only the handler
 * can tell it to be quiet. Public, because the log manager makes it by name.
 */
public final class RecordFilter implements Filter {
  private static final String OWN = "org.promscale";

  /**
   * Warnings nobody needs: of certificates in the bundled trust store that have expired; of every
   * single connection that the pool cannot open, which the web application reports better; of Weld
   * at a request whose body came later than its head, which Payara ends on another thread than the
   * one it began on: Weld cleans up at that thread's next request.
   */
  private static final List<String> NOISY =
      List.of(
          "javax.enterprise.system.security.ssl",
          "javax.enterprise.resource.",
          "org.jboss.weld.Servlet",
          "org.jboss.weld.Context",
          "org.jboss.weld.Conversation");

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
    int level = entry.getLevel().intValue();
    if (serverLevel >= Level.WARNING.intValue() && NOISY.stream().anyMatch(logger::startsWith)) {
      return level > Level.WARNING.intValue();
    }
    return level >= serverLevel;
  }
}
