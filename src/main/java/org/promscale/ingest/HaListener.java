package org.promscale.ingest;

import org.promscale.ha.ClusterState;
import org.promscale.ha.Standing;
import org.promscale.ha.Verdict;

/** Hears what high availability does. Called on any thread; must not block. */
public interface HaListener {

  /** Hears nothing. */
  HaListener NONE = new HaListener() {};

  /** This connector learnt of a cluster. */
  default void clusterKnown(ClusterState state) {}

  /** Items of a request met this verdict; what is stored or filled is durable. */
  default void judged(Standing standing, Verdict verdict, long items) {}

  /** Items of series that belong to no cluster were stored. */
  default void unattributed(long items) {}

  /** This connector learnt that another replica leads; not called for a first election. */
  default void leaderChanged(ClusterState before, ClusterState after) {}

  /** A transaction was rolled back because leadership had changed meanwhile. */
  default void fenceLost() {}
}
