package org.promscale.boot;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.reflect.UndeclaredThrowableException;
import java.sql.SQLException;
import java.util.function.BooleanSupplier;
import org.promscale.ingest.IngestFailure;

/** Periodic work that may fail with the database, and runs again all the same. */
@FunctionalInterface
interface PeriodicWork {

  /** Works once. */
  void run() throws SQLException;

  /**
   * Returns a task for a schedule. A task that throws is silently never run again, so nothing gets
   * past here, errors of class loading (a {@link java.util.ServiceConfigurationError} under load,
   * for one) included.
   *
   * @param what names the work in the log
   * @param stopping whether the application is ending: a server may refuse its classes then to work
   *     that is still under way, which nobody has to know
   */
  static Runnable guarded(String what, PeriodicWork work, BooleanSupplier stopping) {
    Logger log = System.getLogger(Lifecycle.class.getName());
    return () -> {
      try {
        work.run();
      } catch (SQLException | IngestFailure e) {
        log.log(Level.DEBUG, what, e);
      } catch (RuntimeException | Error e) {
        boolean expected = isOfDatabase(e) || stopping.getAsBoolean();
        log.log(expected ? Level.DEBUG : Level.ERROR, what + " failed", e);
      }
    };
  }

  /** Returns work that is done in the first of so many runs, and then in the first of as many. */
  static PeriodicWork onceIn(int runs, PeriodicWork work) {
    // A schedule runs its task one run after the other, and makes each run's writes seen by the
    // next.
    int[] done = new int[1];
    return () -> {
      if (done[0]++ % runs == 0) {
        work.run();
      }
    };
  }

  /**
   * A pool's proxy of a connection that was closed under it (after this process was frozen, for
   * one) hides why; the next run gets another connection.
   */
  private static boolean isOfDatabase(Throwable failure) {
    if (!(failure instanceof UndeclaredThrowableException)) {
      return false;
    }
    Throwable cause = failure;
    while (cause != null && !(cause instanceof SQLException)) {
      cause = cause.getCause();
    }
    return cause != null;
  }
}
