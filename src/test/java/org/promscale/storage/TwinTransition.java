package org.promscale.storage;

import java.util.Iterator;
import java.util.List;
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
 * The twin of a change of leader in {@link LeaseTransitions}, or of an order in {@link
 * PgLeaseSteering}, statement by statement: lock the lease, lock the lanes and decide, write,
 * commit. One thread.
 */
final class TwinTransition {

  private static final long OLD_LEASE_MS = 60_000;

  /** Told whether the winner leads now, or what PostgreSQL would have answered instead. */
  @FunctionalInterface
  interface Outcome {
    void accept(boolean leads, @Nullable TwinFailure failure);
  }

  /** What somebody wants of a cluster. */
  interface Wish {

    /** Tells whether the lease is what the wish is based on, as far as its row alone tells. */
    boolean isOf(TwinCluster cluster);

    /** Decides on locked rows; null if nothing is to be written. */
    @Nullable Deed decide(TwinCluster cluster, ClusterState locked);
  }

  /**
   * What is written.
   *
   * @param takeover the change of leader, or null
   * @param change why it changes, or null
   * @param mark what else
   */
  record Deed(@Nullable Takeover takeover, @Nullable LeaderChange change, Runnable mark) {}

  private final TwinDatabase db;
  private final TwinLine line;
  private final String owner;
  private final long clusterId;
  private final Wish wish;
  private final Outcome outcome;

  TwinTransition(
      TwinDatabase db, TwinLine line, String owner, long clusterId, Wish wish, Outcome outcome) {
    this.db = db;
    this.line = line;
    this.owner = owner;
    this.clusterId = clusterId;
    this.wish = wish;
    this.outcome = outcome;
  }

  /** Returns the wish for a change of leader that nobody asked for. */
  static Wish automatic(ClusterState seen, LeaderChange change) {
    return new Wish() {
      @Override
      public boolean isOf(TwinCluster cluster) {
        return cluster.fence.equals(seen.lease().fence());
      }

      @Override
      public @Nullable Deed decide(TwinCluster cluster, ClusterState locked) {
        return Takeover.decide(seen, locked, change)
            .map(takeover -> new Deed(takeover, change, () -> {}))
            .orElse(null);
      }
    };
  }

  void start() {
    line.toServer(
        () -> {
          if (!db.isUp()) {
            fail(null, new TwinFailure("08006"));
            return;
          }
          TwinSession session = db.begin(owner);
          TwinCluster cluster = db.cluster(clusterId);
          if (cluster == null) {
            line.toClient(TwinLine.Point.BETWEEN, () -> commit(session, false));
            return;
          }
          statement(
              session,
              () -> db.lockExclusive(session, cluster),
              () -> {
                boolean same = wish.isOf(cluster);
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
    Deed deed = wish.decide(cluster, locked);
    if (deed == null) {
      commit(session, false);
      return;
    }
    line.toServer(
        () ->
            statement(
                session,
                () -> {
                  session.redo.add(() -> write(cluster, deed, locked.progress().commits()));
                  return null;
                },
                () -> line.toClient(TwinLine.Point.BEFORE_COMMIT, () -> commit(session, true))));
  }

  private void write(TwinCluster cluster, Deed deed, long commits) {
    Takeover takeover = deed.takeover();
    LeaderChange change = deed.change();
    if (takeover != null && change != null) {
      change(cluster, takeover, change.cause(), commits);
    }
    deed.mark().run();
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

  private void change(
      TwinCluster cluster, Takeover decided, LeaderChange.Cause cause, long commits) {
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
            cause.text(),
            now,
            db.trueMs(),
            seal));
    cluster.leader = decided.winner();
    if (db.mutant != Mutant.STEERS_UNFENCED || cause.isAutomatic()) {
      cluster.fence = db.newFence();
    }
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
      TwinCluster.PatchRow row =
          new TwinCluster.PatchRow(
              db.newPatchId(),
              decided.winner(),
              decided.patchStartMs(),
              decided.boundaryMs(),
              now,
              now + decided.patchWaitMs());
      row.trueOpenMs = db.trueMs();
      cluster.patches.add(row);
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
