package org.promscale.ingest;

import java.util.Collection;
import java.util.List;
import org.promscale.ha.HeldRequest;
import org.promscale.model.ReplicaIdentity;

/**
 * Held requests in the database, where any connector can adopt them: those of a connector that
 * stops, and the standby's part of a request that also carries a leader's samples and must not wait
 * for a full hold. Calls block and fail with {@link IngestFailure} UNAVAILABLE. Thread-safe.
 */
public interface HeldShelf {

  /**
   * A request that was taken from the shelf.
   *
   * @param id its number on the shelf
   * @param clusterId number of the cluster
   * @param tenant whose data it is
   * @param sender who sent it
   * @param body the request as it came, compressed
   * @param heldAtMs wall time when it was put there
   */
  @SuppressWarnings("ArrayRecordComponent") // megabytes, never compared
  record Shelved(
      long id, long clusterId, int tenant, ReplicaIdentity sender, byte[] body, long heldAtMs) {}

  /**
   * Puts requests there, in several transactions. Those that lie there already are free for others
   * again.
   *
   * @return how many were put there; fewer than all where the shelf is full
   */
  int put(Collection<HeldRequest> requests);

  /**
   * Takes requests from there, those of leaders first, then the oldest, which nobody else takes as
   * well. They stay in the database until {@link #settled}; but whoever does not {@link #renew} its
   * claim on them is taken for dead after a minute.
   *
   * @param leadersOnly whether only requests of replicas that lead now are wanted
   * @param maxBytes how much to take at the most; at least one request if there is any
   */
  List<Shelved> take(boolean leadersOnly, long maxBytes);

  /** Claims everything that was taken here for another minute. */
  void renew();

  /** Removes what was taken here and has found its place. */
  void settled(Collection<Long> ids);

  /**
   * Measures how much is there, for {@link #hasRoom}; returns the bytes that nobody has taken, 0 if
   * there is nothing to take.
   */
  long measure();

  /** Tells whether there was room when it was measured last. Does not block. */
  boolean hasRoom();
}
