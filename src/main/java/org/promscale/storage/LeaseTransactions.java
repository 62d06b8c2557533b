package org.promscale.storage;

import jakarta.persistence.EntityManager;
import java.util.function.Function;

/** Runs work on lease rows, each piece in a transaction of its own. Thread-safe. */
interface LeaseTransactions {

  /**
   * Runs the work in a new transaction and commits it.
   *
   * @throws org.promscale.ingest.IngestFailure UNAVAILABLE if that fails
   */
  <T> T call(Function<EntityManager, T> work);
}
