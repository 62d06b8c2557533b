package org.promscale.storage;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.Authorship;
import org.promscale.ha.FillOrder;
import org.promscale.ha.Lease;
import org.promscale.ha.LeaseClaim;
import org.promscale.ingest.LeaseChanged;
import org.promscale.model.Samples;
import org.promscale.model.SeriesTable;

/** The twin of {@link FillWriter}, statement by statement. One thread. */
final class TwinFiller implements SampleBatcher.OverlappingStore {

  private static final int ATTEMPTS = 3;

  private final TwinDatabase db;
  private final TwinLine line;
  private final String connector;
  private final TwinLanes lanes;
  private final int firstLane;

  TwinFiller(TwinDatabase db, TwinLine line, String connector, TwinLanes lanes, int firstLane) {
    this.db = db;
    this.line = line;
    this.connector = connector;
    this.lanes = lanes;
    this.firstLane = firstLane;
  }

  @Override
  public CompletionStage<Void> write(int writer, List<PendingBatch> group) {
    CompletableFuture<Void> free = new CompletableFuture<>();
    next(firstLane + writer, group, 0, free);
    return free;
  }

  private void next(int lane, List<PendingBatch> group, int at, CompletableFuture<Void> free) {
    if (at == group.size()) {
      free.complete(null);
      return;
    }
    PendingBatch pending = group.get(at);
    FillOrder order = pending.fill();
    if (order == null) {
      throw new IllegalStateException("a batch without an order to fill");
    }
    CompletableFuture<Integer> filled = new CompletableFuture<>();
    var unused =
        filled.whenComplete(
            (done, failure) -> {
              if (failure == null) {
                pending.done().complete(done);
              } else {
                pending.done().completeExceptionally(failure);
              }
              next(lane, group, at + 1, free);
            });
    Filling filling = new Filling(lane, pending, order, filled);
    lanes.register(
        lane,
        order.leads() ? Set.of(order.clusterId()) : Set.of(),
        failure -> {
          if (failure == null) {
            filling.attempt();
          } else {
            filled.completeExceptionally(failure);
          }
        });
  }

  /** One request. */
  private final class Filling {
    private final int lane;
    private final PendingBatch pending;
    private final FillOrder order;
    private final CompletableFuture<Integer> filled;
    private int attempts;
    private int chosen;

    Filling(int lane, PendingBatch pending, FillOrder order, CompletableFuture<Integer> filled) {
      this.lane = lane;
      this.pending = pending;
      this.order = order;
      this.filled = filled;
    }

    void attempt() {
      attempts++;
      line.toServer(
          () -> {
            TwinCluster cluster = db.cluster(order.clusterId());
            if (!db.isUp()) {
              refuse(null, new TwinFailure("08006"));
            } else if (cluster == null) {
              changed(null);
            } else {
              TwinSession session = db.begin(connector);
              db.run(
                  session,
                  TwinDatabase.LOCK_TIMEOUT_MS,
                  () -> db.lockExclusive(session, cluster),
                  failure -> {
                    if (failure != null) {
                      refuse(session, failure);
                    } else if (!cluster.fence.equals(order.fence())) {
                      changed(session);
                    } else {
                      line.toClient(TwinLine.Point.BETWEEN, () -> look(session));
                    }
                  });
            }
          });
    }

    private void look(TwinSession session) {
      line.toServer(
          () -> {
            if (session.ended) {
              refuse(session, new TwinFailure("57P01"));
              return;
            }
            Samples samples = pending.batch().samples();
            boolean[] fits =
                TwinNeighbours.fitting(
                    db, pending.batch().series(), samples, authors(order.clusterId()));
            chosen = 0;
            for (boolean fit : fits) {
              chosen += fit ? 1 : 0;
            }
            session.clientTurnSinceMs = db.nowMs();
            line.toClient(
                TwinLine.Point.BETWEEN,
                () -> {
                  if (chosen > 0) {
                    insert(session, fits);
                  } else {
                    note(session);
                  }
                });
          });
    }

    private Authorship authors(long clusterId) {
      TwinCluster cluster = db.cluster(clusterId);
      return cluster == null
          ? Authorship.runningFrom(Long.MAX_VALUE)
          : TwinNeighbours.authors(
              cluster, order.patchId() == 0 ? Long.MAX_VALUE : cluster.startMs);
    }

    private void insert(TwinSession session, boolean[] fits) {
      Samples samples = pending.batch().samples();
      SeriesTable series = pending.batch().series();
      line.toServer(
          () ->
              db.run(
                  session,
                  TwinDatabase.LOCK_TIMEOUT_MS,
                  () -> {
                    for (int i = 0; i < samples.size(); i++) {
                      TwinSession holder =
                          fits[i]
                              ? db.insert(
                                  session,
                                  series.id(samples.series(i)),
                                  samples.timestampMs(i),
                                  samples.valueBits(i),
                                  true)
                              : null;
                      if (holder != null) {
                        return holder;
                      }
                    }
                    return null;
                  },
                  failure -> {
                    if (failure == null) {
                      line.toClient(TwinLine.Point.BETWEEN, () -> note(session));
                    } else {
                      refuse(session, failure);
                    }
                  }));
    }

    private void note(TwinSession session) {
      line.toServer(
          () -> {
            if (session.ended) {
              refuse(session, new TwinFailure("57P01"));
            } else if (notePatch(session)) {
              passAlive(session);
            } else {
              changed(session);
            }
          });
    }

    private boolean notePatch(TwinSession session) {
      if (order.patchId() <= 0) {
        return true;
      }
      TwinCluster cluster = db.cluster(order.clusterId());
      if (cluster != null) {
        for (TwinCluster.PatchRow patch : cluster.patches) {
          if (patch.id == order.patchId() && patch.openUntilMs == TwinCluster.INFINITY) {
            session.redo.add(
                () -> {
                  patch.filled += chosen;
                  patch.filledAtMs = chosen > 0 ? db.nowMs() : patch.filledAtMs;
                });
            return true;
          }
        }
      }
      return false;
    }

    private void passAlive(TwinSession session) {
      Samples samples = pending.batch().samples();
      long newestMs = Lease.NO_TIME;
      for (int i = 0; i < samples.size(); i++) {
        newestMs = Math.max(newestMs, samples.timestampMs(i));
      }
      LeaseClaim life = new LeaseClaim(order.clusterId(), order.fence(), newestMs, 0);
      lanes.pass(
          session,
          lane,
          order.leads() ? Map.of(order.clusterId(), life) : Map.of(),
          true,
          TwinDatabase.LOCK_TIMEOUT_MS,
          (lost, failure) -> {
            if (failure != null) {
              refuse(session, failure);
            } else if (!lost.isEmpty()) {
              changed(session);
            } else {
              line.toClient(TwinLine.Point.BEFORE_COMMIT, () -> commit(session));
            }
          });
    }

    private void commit(TwinSession session) {
      line.toServer(
          () -> {
            try {
              db.commit(session);
              line.toClient(TwinLine.Point.BETWEEN, () -> filled.complete(chosen));
            } catch (TwinFailure e) {
              refuse(session, e);
            }
          });
    }

    private void changed(@Nullable TwinSession session) {
      answer(
          session, () -> filled.completeExceptionally(new LeaseChanged(Set.of(order.clusterId()))));
    }

    private void refuse(@Nullable TwinSession session, TwinFailure failure) {
      answer(
          session,
          () -> {
            boolean again =
                failure.sqlState().equals("40P01") || failure.sqlState().equals("40001");
            if (again && attempts < ATTEMPTS) {
              attempt();
            } else {
              filled.completeExceptionally(TwinWriter.unavailable(failure));
            }
          });
    }

    private void answer(@Nullable TwinSession session, Runnable next) {
      if (session != null) {
        db.end(session, false);
      }
      line.toClient(TwinLine.Point.BETWEEN, next);
    }
  }
}
