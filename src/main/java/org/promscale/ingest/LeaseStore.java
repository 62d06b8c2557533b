package org.promscale.ingest;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.Settlement;
import org.promscale.ha.Silence;

/**
 * The leases, where all connectors see them. Every call may block, and is one transaction but for
 * {@link #note}, whose rows have nothing to do with each other; all wall times are the database's.
 * Calls fail with {@link IngestFailure} UNAVAILABLE. Thread-safe.
 */
public interface LeaseStore {

  /**
   * Reads all clusters, each from one snapshot.
   *
   * @param knownFences fences whose terms the caller knows: those terms are left out
   */
  List<ClusterState> readAll(Set<UUID> knownFences);

  /** Reads these clusters, with their terms. */
  List<ClusterState> read(Set<Long> clusterIds);

  /**
   * Makes a replica the first leader of a cluster, unless it has one already.
   *
   * @param maxClusters how many clusters a tenant may have
   * @return the cluster's number, or empty if the tenant has too many
   */
  Optional<Long> elect(int tenant, String cluster, String replica, int maxClusters);

  /**
   * Makes another replica the leader of a cluster, unless its lease or the leader's progress are no
   * longer what the decision was based on.
   *
   * @param seen what the decision was based on
   * @param change who shall lead, and why
   * @return whether the replica leads now through this call
   */
  boolean takeOver(ClusterState seen, LeaderChange change);

  /** Records what this connector has seen of replicas and leaders. */
  void note(List<ReplicaNote> replicas, List<LookNote> looks);

  /**
   * Opens a patch inside the running term, in which a replica fills holes that the leader has left:
   * history is closed up to its end. Does nothing if the lease is no longer what the wish was based
   * on, or if a patch was opened in the last five seconds or is open.
   *
   * @param runGapMs patches further apart than this do not follow on each other; 0 for one that
   *     says nothing of the leader as it is now, and belongs to no run
   * @return whether it was opened
   */
  boolean openPatch(ClusterState seen, Settlement.PatchWish wish, long runGapMs);

  /** Ends a patch that was filled no more for ten seconds; does nothing if it was. */
  void closePatch(long clusterId, long patchId);

  /** Adds up the progress of lanes that have stored nothing for ten minutes, and forgets them. */
  void foldLanes(long clusterId);

  /** Forgets replicas that were not seen for a day, unless they lead or are drained. */
  void forgetReplicas(long clusterId);

  /**
   * Ends database sessions of this user that wait for their own client and have been blocking
   * others for ten seconds, or have been in one COPY for thirty: their client is frozen, and no
   * time-out of the database ends it. So it does with those that were seen idling in one
   * transaction with locks on leases for ten seconds by a clock that never jumps: the database's,
   * which may have been set back, has not ended them. For one thread at a time.
   *
   * @return how many were ended
   */
  int endFrozenSessions();

  /**
   * A replica was seen.
   *
   * @param lastSeenMs wall time
   * @param newestMs newest data time, {@link org.promscale.ha.Lease#NO_TIME} for none
   */
  record ReplicaNote(long clusterId, String replica, long lastSeenMs, long newestMs) {}

  /**
   * What a look at a leader found.
   *
   * @param fence under which it was looked at; under another one the note means nothing
   * @param silence to be recorded, or {@link Silence#UNKNOWN}
   * @param gapMs a gap between bursts of its commits, or 0
   * @param burstMs wall time of the burst that ended the gap
   * @param timeoutMs the timeout in force
   */
  record LookNote(
      long clusterId, UUID fence, Silence silence, long gapMs, long burstMs, long timeoutMs) {}
}
