package org.promscale.storage;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.promscale.ingest.IngestFailure;

/**
 * A check inside the storing transaction, after everything else and right before COMMIT. If it
 * fails the transaction is rolled back, so nothing that it guards against is ever visible.
 */
@FunctionalInterface
interface CommitGuard {

  /**
   * Checks.
   *
   * @param group whose rows the transaction has written
   * @throws IngestFailure UNAVAILABLE if what the batch was built on is no longer true; the sender
   *     retries and the request is judged anew
   */
  void check(Connection connection, List<PendingBatch> group) throws SQLException;
}
