package org.promscale.storage;

import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.FillOrder;
import org.promscale.ha.HoleFinder;
import org.promscale.ha.Lease;
import org.promscale.ha.LeaseClaim;
import org.promscale.ingest.LeaseChanged;
import org.promscale.model.Samples;
import org.promscale.model.SeriesTable;

/** The twin of {@link FillWriter}, statement by statement. One thread. */
final class TwinFiller implements SampleBatcher.OverlappingStore {

  private static final int ATTEMPTS = 3;
  private static final int NEIGHBOURS = 9;

  private final TwinDatabase db;
  private final TwinLine line;
  private final String connector;
  private final TwinWriter.TwinLanes lanes;
  private final int firstLane;

  TwinFiller(
      TwinDatabase db, TwinLine line, String connector, TwinWriter.TwinLanes lanes, int firstLane) {
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

  /** Returns for each sample of a batch whether it fits a hole. */
  static boolean[] fitting(TwinDatabase db, SeriesTable series, Samples samples) {
    Map<Long, TreeMap<Long, Integer>> wanted = new TreeMap<>();
    for (int i = 0; i < samples.size(); i++) {
      wanted
          .computeIfAbsent(series.id(samples.series(i)), id -> new TreeMap<>())
          .putIfAbsent(samples.timestampMs(i), i);
    }
    boolean[] fitting = new boolean[samples.size()];
    wanted.forEach(
        (id, rows) -> {
          long[] candidates = rows.keySet().stream().mapToLong(Long::longValue).toArray();
          boolean[] fits =
              HoleFinder.fits(around(db.samples(id), rows.firstKey(), rows.lastKey()), candidates);
          for (int i = 0; i < candidates.length; i++) {
            Integer row = rows.get(candidates[i]);
            if (fits[i] && row != null) {
              fitting[row] = true;
            }
          }
        });
    return fitting;
  }

  private static long[] around(
      NavigableMap<Long, TwinDatabase.Stored> stored, long first, long last) {
    TreeMap<Long, Boolean> around = new TreeMap<>();
    Long before = stored.lowerKey(first);
    for (int i = 0; i < NEIGHBOURS && before != null; i++) {
      around.put(before, true);
      before = stored.lowerKey(before);
    }
    stored.subMap(first, true, last, true).keySet().forEach(t -> around.put(t, true));
    Long after = stored.higherKey(last);
    for (int i = 0; i < NEIGHBOURS && after != null; i++) {
      around.put(after, true);
      after = stored.higherKey(after);
    }
    return around.keySet().stream().mapToLong(Long::longValue).toArray();
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
                      line.toClient(TwinLine.Point.BETWEEN, () -> insert(session));
                    }
                  });
            }
          });
    }

    private void insert(TwinSession session) {
      line.toServer(
          () -> {
            if (session.ended) {
              refuse(session, new TwinFailure("57P01"));
              return;
            }
            Samples samples = pending.batch().samples();
            SeriesTable series = pending.batch().series();
            boolean[] fits = fitting(db, series, samples);
            chosen = 0;
            for (boolean fit : fits) {
              chosen += fit ? 1 : 0;
            }
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
                });
          });
    }

    private void note(TwinSession session) {
      line.toServer(
          () -> {
            if (session.ended) {
              refuse(session, new TwinFailure("57P01"));
            } else if (!notePatch(session) || !passAlive(session)) {
              changed(session);
            } else {
              session.clientTurnSinceMs = db.nowMs();
              line.toClient(TwinLine.Point.BEFORE_COMMIT, () -> commit(session));
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
          if (patch.id == order.patchId() && patch.openUntilMs > db.nowMs()) {
            session.redo.add(
                () -> {
                  patch.filled += chosen;
                  patch.filledAtMs = db.nowMs();
                });
            return true;
          }
        }
      }
      return false;
    }

    private boolean passAlive(TwinSession session) {
      Samples samples = pending.batch().samples();
      long newestMs = Lease.NO_TIME;
      for (int i = 0; i < samples.size(); i++) {
        newestMs = Math.max(newestMs, samples.timestampMs(i));
      }
      LeaseClaim life = new LeaseClaim(order.clusterId(), order.fence(), newestMs, 0);
      return !order.leads()
          || lanes.pass(session, lane, Map.of(order.clusterId(), life), true).isEmpty();
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
