package org.promscale.ingest;

import java.util.List;
import org.promscale.ha.HeldRequest;
import org.promscale.model.WriteBatch;

/** Compares held requests with what is stored. Blocks; thread-safe. */
@FunctionalInterface
public interface HoleProber {

  /**
   * Tells for each request whether one of its probes lies in a hole of a series that the leader has
   * been storing.
   *
   * @param requests requests of one cluster
   * @param runningFromMs where the cluster's running term starts
   * @param settledMs probes from here on say nothing: the leader need not have stored them yet
   * @throws IngestFailure UNAVAILABLE if the database does not answer
   */
  boolean[] holed(List<HeldRequest> requests, long runningFromMs, long settledMs);

  /**
   * Asks for the ids of some series that this connector does not know: it need not have stored any
   * of them, where a standby sends to it and the leader to others.
   *
   * @param batch whose series get ids where they are stored
   * @param identity whose series, as a position in the batch's list of identities
   * @param salt any number, another one for each call: series are drawn by it
   * @throws IngestFailure UNAVAILABLE if the database does not answer
   */
  default void find(WriteBatch batch, int identity, long salt) {}
}
