package org.promscale.ingest;

import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.Verdict;

/** Hears what high availability does. Called on any thread; must not block. */
public interface HaListener {

  /** Hears nothing. */
  HaListener NONE = new HaListener() {};

  /** This connector learnt of a cluster. */
  default void clusterKnown(ClusterState state) {}

  /** Items of a request met this verdict; what is stored or filled is durable. */
  default void judged(String cluster, String replica, Verdict verdict, long items) {}

  /** Items of series that belong to no cluster were stored. */
  default void unattributed(long items) {}

  /** This connector learnt that another replica leads; not called for a first election. */
  default void leaderChanged(ClusterState before, ClusterState after) {}

  /** A cluster is not in the database any more. */
  default void clusterGone(ClusterState state) {}

  /**
   * A change of leader was measured. Of all connectors one hears of each, when its seam is filled.
   *
   * @param cause why it changed, as in the history of terms
   * @param failoverMs from the old leader's last commit to the new one's first; null if not known
   * @param holeMs the longest stretch that is missing, null if that could not be measured
   */
  default void changeMeasured(
      String cluster, String cause, @Nullable Long failoverMs, @Nullable Long holeMs) {}

  /**
   * Held requests were compared with what is stored: so many were covered, so many showed holes.
   */
  default void compared(String cluster, int covered, int holed) {}

  /** A patch was opened in which a replica fills holes that the leader has left. */
  default void patchOpened(ClusterState state, String replica) {}

  /** A transaction was rolled back because leadership had changed meanwhile. */
  default void fenceLost() {}
}
