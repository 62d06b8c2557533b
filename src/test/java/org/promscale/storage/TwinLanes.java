package org.promscale.storage;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.Lease;
import org.promscale.ha.LeaseClaim;
import org.promscale.ingest.LeaseChanged;

/** The twin of {@link LaneFence}, statement by statement. One thread. */
final class TwinLanes {

  /** Told the clusters whose fence is gone, or what PostgreSQL would have answered instead. */
  @FunctionalInterface
  interface Passed {
    void accept(Set<Long> lost, @Nullable TwinFailure failure);
  }

  private final TwinDatabase db;
  private final TwinLine line;
  private final String connector;
  private final Map<Integer, Set<Long>> registered = new HashMap<>();

  TwinLanes(TwinDatabase db, TwinLine line, String connector) {
    this.db = db;
    this.line = line;
    this.connector = connector;
  }

  private String name(int lane) {
    return connector + "-" + lane;
  }

  /** Registers a lane where it is not yet; tells null, or what went wrong. */
  void register(int lane, Set<Long> clusterIds, Consumer<@Nullable RuntimeException> done) {
    Set<Long> known = registered.computeIfAbsent(lane, l -> new HashSet<>());
    for (Long id : clusterIds) {
      if (!known.contains(id)) {
        register(
            lane,
            id,
            failure -> {
              if (failure == null) {
                known.add(id);
                register(lane, clusterIds, done);
              } else {
                done.accept(failure);
              }
            });
        return;
      }
    }
    done.accept(null);
  }

  private void register(int lane, long clusterId, Consumer<@Nullable RuntimeException> done) {
    line.toServer(
        () -> {
          TwinCluster cluster = db.cluster(clusterId);
          if (!db.isUp()) {
            tell(done, TwinWriter.unavailable(new TwinFailure("08006")));
          } else if (cluster == null) {
            tell(done, new LeaseChanged(Set.of(clusterId)));
          } else {
            TwinSession session = db.begin(connector);
            TwinRegistration.lock(
                db,
                session,
                cluster,
                failure ->
                    line.toClient(
                        TwinLine.Point.BETWEEN,
                        () -> {
                          if (failure == null) {
                            insert(session, cluster, lane, done);
                          } else {
                            db.end(session, false);
                            done.accept(TwinWriter.unavailable(failure));
                          }
                        }));
          }
        });
  }

  private void insert(
      TwinSession session,
      TwinCluster cluster,
      int lane,
      Consumer<@Nullable RuntimeException> done) {
    line.toServer(
        () -> {
          TwinRegistration.insert(db, session, cluster, name(lane));
          line.toClient(TwinLine.Point.BETWEEN, () -> commit(session, done));
        });
  }

  private void commit(TwinSession session, Consumer<@Nullable RuntimeException> done) {
    line.toServer(
        () -> {
          try {
            db.commit(session);
            tell(done, null);
          } catch (TwinFailure e) {
            tell(done, TwinWriter.unavailable(e));
          }
        });
  }

  private void tell(Consumer<@Nullable RuntimeException> done, @Nullable RuntimeException failure) {
    line.toClient(TwinLine.Point.BETWEEN, () -> done.accept(failure));
  }

  /**
   * Notes progress and checks the fences. A row that a change of leader has locked is waited for,
   * and looked at again afterwards.
   */
  void pass(
      TwinSession session,
      int lane,
      Map<Long, LeaseClaim> claims,
      boolean alive,
      long lockTimeoutMs,
      Passed passed) {
    List<LeaseClaim> ascending = claims.keySet().stream().sorted().map(claims::get).toList();
    Set<Long> lost = new HashSet<>();
    db.run(
        session,
        lockTimeoutMs,
        () -> {
          lost.clear();
          for (LeaseClaim claim : ascending) {
            TwinCluster.Lane row = row(lane, claim);
            TwinSession holder = row == null ? null : db.lockLane(session, row);
            if (holder != null) {
              return holder;
            }
            if (row == null) {
              lost.add(claim.clusterId());
            }
          }
          return null;
        },
        failure -> {
          if (failure == null && lost.isEmpty()) {
            for (LeaseClaim claim : ascending) {
              note(session, lane, claim, alive);
            }
          }
          registered.getOrDefault(lane, new HashSet<>()).removeAll(lost);
          passed.accept(lost, failure);
        });
  }

  /** Returns the row that the statement would update, null if there is none. */
  private TwinCluster.@Nullable Lane row(int lane, LeaseClaim claim) {
    TwinCluster cluster = db.cluster(claim.clusterId());
    TwinCluster.Lane row = cluster == null ? null : cluster.lanes.get(name(lane));
    boolean matches =
        row != null && (row.fence.equals(claim.fence()) || db.mutant == Mutant.FENCE_OFF);
    return matches ? row : null;
  }

  private void note(TwinSession session, int lane, LeaseClaim claim, boolean alive) {
    TwinCluster.Lane row = row(lane, claim);
    if (row != null) {
      int commits = alive || claim.newestMs() != Lease.NO_TIME ? 1 : 0;
      session.redo.add(() -> note(row, claim, commits));
    }
  }

  private void note(TwinCluster.Lane row, LeaseClaim claim, int commits) {
    long now = db.nowMs();
    long clamped =
        db.mutant == Mutant.CLAMP_OFF ? claim.newestMs() : Math.min(claim.newestMs(), now + 5_000);
    row.commits += commits;
    row.committedAtMs = now;
    row.lastMs = Math.max(row.lastMs, claim.newestMs());
    row.lagMs = claim.lagMs();
    row.frontierMs = Math.max(row.frontierMs, clamped);
  }
}
