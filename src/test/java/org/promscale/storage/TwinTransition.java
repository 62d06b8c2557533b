package org.promscale.storage;

import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.Lease;
import org.promscale.ha.Progress;
import org.promscale.ha.Takeover;

/**
 * The twin of a change of leader in {@link LeaseTransitions}, statement by statement: lock the
 * lease, lock the lanes and decide, write, commit. One thread.
 */
final class TwinTransition {

  private static final long OLD_LEASE_MS = 60_000;

  /** Told whether the winner leads now, or what PostgreSQL would have answered instead. */
  @FunctionalInterface
  interface Outcome {
    void accept(boolean leads, @Nullable TwinFailure failure);
  }

  private final TwinDatabase db;
  private final TwinLine line;
  private final String owner;
  private final ClusterState seen;
  private final LeaderChange wish;
  private final Outcome outcome;

  TwinTransition(
      TwinDatabase db,
      TwinLine line,
      String owner,
      ClusterState seen,
      LeaderChange wish,
      Outcome outcome) {
    this.db = db;
    this.line = line;
    this.owner = owner;
    this.seen = seen;
    this.wish = wish;
    this.outcome = outcome;
  }

  void start() {
    line.toServer(
        () -> {
          if (!db.isUp()) {
            fail(null, new TwinFailure("08006"));
            return;
          }
          TwinSession session = db.begin(owner);
          TwinCluster cluster = db.cluster(seen.clusterId());
          if (cluster == null) {
            line.toClient(TwinLine.Point.BETWEEN, () -> commit(session, false));
            return;
          }
          statement(
              session,
              () -> db.lockExclusive(session, cluster),
              () -> {
                boolean same = cluster.fence.equals(seen.lease().fence());
                line.toClient(
                    TwinLine.Point.BETWEEN,
                    () -> {
                      if (same) {
                        lockLanes(session, cluster);
                      } else {
                        commit(session, false);
                      }
                    });
              });
        });
  }

  private void lockLanes(TwinSession session, TwinCluster cluster) {
    line.toServer(() -> lock(session, cluster, List.copyOf(cluster.lanes.values()).iterator()));
  }

  /** One after the other: the lock time-out is for each lock, not for all of them. */
  private void lock(TwinSession session, TwinCluster cluster, Iterator<TwinCluster.Lane> lanes) {
    if (lanes.hasNext()) {
      TwinCluster.Lane lane = lanes.next();
      statement(session, () -> db.lockLane(session, lane), () -> lock(session, cluster, lanes));
      return;
    }
    // Whoever waited for a lane sees what its writer has committed.
    Progress progress = cluster.progress(db.nowMs());
    ClusterState locked = cluster.read(Set.of(), db.nowMs()).withProgress(progress);
    line.toClient(TwinLine.Point.BETWEEN, () -> decide(session, cluster, locked));
  }

  private void decide(TwinSession session, TwinCluster cluster, ClusterState locked) {
    Optional<Takeover> decided = Takeover.decide(seen, locked, wish);
    if (decided.isEmpty()) {
      commit(session, false);
      return;
    }
    line.toServer(
        () ->
            statement(
                session,
                () -> {
                  session.redo.add(
                      () -> change(cluster, decided.get(), locked.progress().commits()));
                  return null;
                },
                () -> line.toClient(TwinLine.Point.BEFORE_COMMIT, () -> commit(session, true))));
  }

  private void commit(TwinSession session, boolean leads) {
    line.toServer(
        () -> {
          try {
            db.commit(session);
            line.toClient(TwinLine.Point.BETWEEN, () -> outcome.accept(leads, null));
          } catch (TwinFailure e) {
            fail(session, e);
          }
        });
  }

  private void statement(
      TwinSession session, Supplier<@Nullable TwinSession> attempt, Runnable next) {
    Consumer<@Nullable TwinFailure> done =
        failure -> {
          if (failure == null) {
            next.run();
          } else {
            fail(session, failure);
          }
        };
    db.run(session, TwinDatabase.LOCK_TIMEOUT_MS, attempt, done);
  }

  private void fail(@Nullable TwinSession session, TwinFailure failure) {
    if (session != null) {
      db.end(session, false);
    }
    line.toClient(TwinLine.Point.BETWEEN, () -> outcome.accept(false, failure));
  }

  private void change(TwinCluster cluster, Takeover decided, long commits) {
    long now = db.nowMs();
    long boundary = decided.boundaryMs();
    long seal = decided.sealMs();
    if (db.mutant == Mutant.BOUNDARY_AT_OLD_END && boundary != Lease.NO_TIME) {
      boundary += OLD_LEASE_MS;
      seal = Math.max(seal, boundary);
    }
    TwinCluster.TermRow old = cluster.terms.remove(cluster.terms.size() - 1);
    cluster.terms.add(
        new TwinCluster.TermRow(
            old.number(),
            old.leader(),
            old.startMs(),
            boundary,
            old.cause(),
            old.decidedAtMs(),
            old.trueMs(),
            old.sealMs()));
    cluster.term++;
    cluster.terms.add(
        new TwinCluster.TermRow(
            cluster.term,
            decided.winner(),
            boundary,
            TwinCluster.INFINITY,
            wish.cause().text(),
            now,
            db.trueMs(),
            seal));
    cluster.leader = decided.winner();
    cluster.fence = db.newFence();
    cluster.startMs = boundary;
    cluster.sealMs = seal;
    cluster.baseFrontierMs = boundary;
    cluster.baseLastMs = boundary;
    cluster.silenceMs = 0;
    cluster.counterSeen = commits;
    cluster.lookedAtMs = now;
    cluster.gapsMs = List.of();
    cluster.burstAtMs = Lease.NO_TIME;
    cluster.patchedSinceMs = Lease.NO_TIME;
    cluster.patchedAtMs = Lease.NO_TIME;
    for (TwinCluster.PatchRow patch : cluster.patches) {
      if (patch.openUntilMs == TwinCluster.INFINITY) {
        patch.openUntilMs = now;
        patch.trueCloseMs = db.trueMs();
      }
    }
    if (decided.boundaryMs() != Lease.NO_TIME) {
      cluster.patches.add(
          new TwinCluster.PatchRow(
              db.newPatchId(),
              decided.winner(),
              decided.patchStartMs(),
              decided.boundaryMs(),
              now,
              now + decided.patchWaitMs()));
    }
    for (TwinCluster.Lane lane : cluster.lanes.values()) {
      lane.fence = cluster.fence;
      lane.frontierMs = boundary;
      lane.lastMs = boundary;
      lane.lagMs = 0;
      lane.committedAtMs = Lease.NO_TIME;
      lane.registeredAtMs = db.nowMs();
    }
  }
}
