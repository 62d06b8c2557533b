package org.promscale.storage;

import java.sql.SQLException;
import java.util.Set;
import org.flywaydb.core.api.callback.Callback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;

/**
 * Lets a migration wait only a second for a table. Everybody who wants the table queues behind it:
 * while a backup reads what is to be changed, all connectors would stop. Whoever migrates tries
 * again.
 */
final class ShortLocks implements Callback {

  private static final Set<String> LOCK_TIMEOUT_OR_DEADLOCK = Set.of("55P03", "40P01");

  /** Tells whether a migration failed only because others were at its tables. */
  static boolean mayTryAgain(SQLException e) {
    return LOCK_TIMEOUT_OR_DEADLOCK.contains(String.valueOf(e.getSQLState()));
  }

  @Override
  public boolean supports(Event event, Context context) {
    return event == Event.BEFORE_EACH_MIGRATE;
  }

  @Override
  public boolean canHandleInTransaction(Event event, Context context) {
    return true;
  }

  @Override
  public void handle(Event event, Context context) {
    // Of the transaction alone: the connection goes back to the pool.
    try {
      ShortTransaction.waitBriefly(context.getConnection());
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public String getCallbackName() {
    return "short locks";
  }
}
