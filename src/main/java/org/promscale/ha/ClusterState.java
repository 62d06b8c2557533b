package org.promscale.ha;

import java.util.List;

/**
 * Everything about one cluster, read in one statement.
 *
 * @param clusterId number of the cluster
 * @param tenant whose cluster it is
 * @param cluster its name
 * @param lease who leads it
 * @param progress how far its data is stored
 * @param sightings its replicas
 * @param terms its latest terms, oldest first, the current one last; empty where the reader knows
 *     them already under this fence
 * @param openPatches patches that are filled, or will be
 * @param idleLanes writers that have stored nothing for ten minutes
 * @param recentChanges automatic changes of its leader in the last hour
 * @param patchRun how long its leader has been leaving holes
 * @param steering what operators want
 * @param nowMs wall time of the reading, by the database's clock
 */
public record ClusterState(
    long clusterId,
    int tenant,
    String cluster,
    Lease lease,
    Progress progress,
    List<Sighting> sightings,
    List<Term> terms,
    List<Patch> openPatches,
    int idleLanes,
    int recentChanges,
    PatchRun patchRun,
    Steering steering,
    long nowMs) {

  /** Returns how far standbys must be behind the frontier, in milliseconds, to count as covered. */
  public long settleMs() {
    return Settling.timeMs(progress.lagMs());
  }

  /** Returns wall time of the leader's last request, or {@link Lease#NO_TIME}. */
  public long leaderSeenMs() {
    return sightings.stream()
        .filter(s -> s.replica().equals(lease.leader()))
        .mapToLong(Sighting::lastSeenMs)
        .findFirst()
        .orElse(Lease.NO_TIME);
  }

  /** Tells whether another state is of the same cluster: an older database may reuse numbers. */
  public boolean isSameCluster(ClusterState other) {
    return clusterId == other.clusterId && tenant == other.tenant && cluster.equals(other.cluster);
  }

  /** Returns this state with the terms of an earlier reading under the same fence. */
  public ClusterState withTerms(List<Term> known) {
    return with(progress, sightings, known);
  }

  /** Returns this state with other sightings. */
  public ClusterState withSightings(List<Sighting> known) {
    return with(progress, known, terms);
  }

  /** Returns this state with what was seen of the leader's silence last. */
  public ClusterState withSilence(Silence seen) {
    Lease known =
        new Lease(
            lease.term(),
            lease.leader(),
            lease.startMs(),
            lease.sealMs(),
            lease.fence(),
            seen,
            lease.gapsMs(),
            lease.overrideMs());
    return locked(known, progress, sightings, steering, nowMs);
  }

  /** Returns this state with another progress. */
  public ClusterState withProgress(Progress now) {
    return with(now, sightings, terms);
  }

  /** Returns this state as it was found under locks. */
  public ClusterState locked(
      Lease held, Progress counted, List<Sighting> seen, Steering wishes, long atMs) {
    return new ClusterState(
        clusterId,
        tenant,
        cluster,
        held,
        counted,
        seen,
        terms,
        openPatches,
        idleLanes,
        recentChanges,
        patchRun,
        wishes,
        atMs);
  }

  private ClusterState with(Progress newProgress, List<Sighting> seen, List<Term> known) {
    return new ClusterState(
        clusterId,
        tenant,
        cluster,
        lease,
        newProgress,
        seen,
        known,
        openPatches,
        idleLanes,
        recentChanges,
        patchRun,
        steering,
        nowMs);
  }
}
