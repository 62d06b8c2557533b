package org.promscale.ingest;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.promscale.ha.Cadence;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.LeasePolicy;
import org.promscale.ha.Patch;
import org.promscale.ha.Sighting;
import org.promscale.ha.Silence;
import org.promscale.ha.Takeover;

/**
 * Looks at all clusters once a second: reads who leads, measures the leaders' silence, and lets a
 * standby take over from a leader that is silent. Every connector does this; the rows in the
 * database make sure that one of them decides. One thread at a time; the reports may be asked for
 * by any.
 */
public final class LeaderWatch {

  private static final Logger LOG = System.getLogger(LeaderWatch.class.getName());

  /** Silence is written down from this part of the timeout on; before that it is ordinary. */
  private static final int RECORDED_PART = 3;

  /** Looks between two searches for frozen sessions. */
  private static final int FROZEN_EVERY = 3;

  /** A replica that was not seen for a day is forgotten. */
  private static final long FORGET_MS = 86_400_000;

  private final LeaseStore store;
  private final ClusterLeaders leaders;
  private final LeasePolicy policy;
  private final long toleranceMs;
  private final LongSupplier nanoClock;
  private final HoldKeeper keeper;
  private int looks;

  /**
   * Joins the parts.
   *
   * @param toleranceMs how far ahead of a clock a sample may be: if the database's and ours differ
   *     by more, everything may be refused
   */
  public LeaderWatch(
      LeaseStore store,
      ClusterLeaders leaders,
      LeasePolicy policy,
      long toleranceMs,
      LongSupplier nanoClock,
      HoldKeeper keeper) {
    this.store = store;
    this.leaders = leaders;
    this.policy = policy;
    this.toleranceMs = toleranceMs;
    this.nanoClock = nanoClock;
    this.keeper = keeper;
  }

  /**
   * Looks once. Call it every second while the connector is ready.
   *
   * @throws IngestFailure UNAVAILABLE if the database does not answer; call again
   */
  public void look() {
    try {
      lookAtAll();
    } finally {
      // Even if something fails: a frozen session may be why.
      if (++looks % FROZEN_EVERY == 0) {
        endFrozenSessions();
      }
    }
  }

  private void endFrozenSessions() {
    int ended = store.endFrozenSessions();
    if (ended > 0) {
      LOG.log(Level.WARNING, "ended {0} database sessions of frozen connectors", ended);
    }
  }

  private void lookAtAll() {
    long ticket = leaders.drawTicket();
    long atNanos = nanoClock.getAsLong();
    List<ClusterState> states = store.readAll(leaders.knownFences());
    leaders.adoptAll(states, ticket, atNanos);
    List<LeaseStore.ReplicaNote> replicas = new ArrayList<>();
    List<LeaseStore.LookNote> notes = new ArrayList<>();
    for (ClusterState state : states) {
      WatchedCluster watched = leaders.watched(state);
      if (watched != null && leaders.refusesForClocks(toleranceMs)) {
        watched.lookAway();
      } else if (watched != null) {
        look(watched, state, notes);
        replicas.addAll(watched.replicaNotes(state.nowMs()));
      }
    }
    if (!replicas.isEmpty() || !notes.isEmpty()) {
      store.note(replicas, notes);
    }
    keeper.keep(states, this::timeoutMs);
  }

  private void look(WatchedCluster watched, ClusterState state, List<LeaseStore.LookNote> notes) {
    long gapMs = watched.look(state);
    Silence silence = watched.silence();
    long timeoutMs = timeoutMs(state);
    long recordedFromMs = timeoutMs / RECORDED_PART;
    // Who has not looked for long cannot tell how long it has been: what it sees must add up.
    boolean record =
        silence.millis() >= recordedFromMs || watched.isYoung(state.nowMs(), recordedFromMs);
    if (record || gapMs > 0) {
      notes.add(
          new LeaseStore.LookNote(
              state.clusterId(),
              state.lease().fence(),
              record ? silence : Silence.UNKNOWN,
              gapMs,
              state.progress().committedAtMs(),
              timeoutMs));
    }
    takeOverIfNeeded(watched, state, silence, timeoutMs);
    keepPatches(state, silence.millis() >= timeoutMs);
    if (state.idleLanes() > 0) {
      store.foldLanes(state.clusterId());
    }
    if (state.sightings().stream().anyMatch(s -> isForgotten(state, s))) {
      store.forgetReplicas(state.clusterId());
    }
  }

  private long timeoutMs(ClusterState state) {
    return policy.timeoutMs(state.lease(), state.recentChanges());
  }

  private static boolean isForgotten(ClusterState state, Sighting seen) {
    return state.nowMs() - seen.lastSeenMs() > FORGET_MS
        && !seen.replica().equals(state.lease().leader())
        && !state.steering().drained().contains(seen.replica());
  }

  private void takeOverIfNeeded(
      WatchedCluster watched, ClusterState state, Silence silence, long timeoutMs) {
    boolean lagging = state.patchRun().isLagging(timeoutMs, state.nowMs());
    if (silence.millis() < timeoutMs && !lagging) {
      return;
    }
    ClusterState complete = state.withSightings(watched.sightings()).withSilence(silence);
    boolean silent =
        LeasePolicy.isSilent(silence, timeoutMs, complete.leaderSeenMs(), state.nowMs());
    Optional<LeaderChange> change = Takeover.automatic(complete, silent, timeoutMs);
    if (change.isEmpty()) {
      return;
    }
    try {
      store.takeOver(complete, change.get());
      long ticket = leaders.drawTicket();
      long atNanos = nanoClock.getAsLong();
      leaders.adopt(store.read(Set.of(state.clusterId())), ticket, atNanos);
    } catch (IngestFailure e) {
      // A commit in flight holds the rows; the next look tries again.
      LOG.log(Level.DEBUG, "cannot change the leader of cluster " + state.cluster() + " yet", e);
    }
  }

  /**
   * A patch is closed once nothing was filled for a while. Before its owner has stored anything
   * past a boundary it has not begun, unless it is silent: then nobody waits for it.
   */
  private void keepPatches(ClusterState state, boolean silent) {
    for (Patch patch : state.openPatches()) {
      if (silent || state.progress().frontierMs() > patch.endMs()) {
        store.closePatch(state.clusterId(), patch.id());
      }
    }
  }

  /** Returns what is known of all clusters, in order of tenant and name; from memory. */
  public List<ClusterReport> reports() {
    long now = nanoClock.getAsLong();
    return leaders.all().stream()
        .map(w -> report(w, now))
        .sorted(
            Comparator.comparingInt((ClusterReport r) -> r.state().tenant())
                .thenComparing(r -> r.state().cluster()))
        .toList();
  }

  private ClusterReport report(WatchedCluster watched, long nowNanos) {
    ClusterState state = watched.state().withSightings(watched.sightings());
    return new ClusterReport(
        state,
        watched.silence().millis(),
        timeoutMs(state),
        Cadence.of(state.lease().gapsMs()).orElse(0),
        nowNanos - watched.readAtNanos());
  }
}
