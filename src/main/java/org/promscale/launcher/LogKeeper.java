package org.promscale.launcher;

import java.util.logging.LogManager;

/**
 * The process' log manager. The JDK's own takes all handlers away as soon as the process is told to
 * end, and the end is worth a log. Public, because the JDK makes it by name.
 */
public final class LogKeeper extends LogManager {
  private volatile boolean kept;

  /** Keeps the settings in force until the very end of the process. */
  static void keep() {
    if (LogManager.getLogManager() instanceof LogKeeper keeper) {
      keeper.kept = true;
    }
  }

  @Override
  public void reset() {
    if (!kept) {
      super.reset();
    }
  }
}
