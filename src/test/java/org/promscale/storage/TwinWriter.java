package org.promscale.storage;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.LeaseClaim;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.ingest.LeaseChanged;

/**
 * The twin of what stores: {@link BatchWriter} with its transaction, statement by statement, each
 * on its way to the twin of the database, so that everything else can happen in between. One
 * thread.
 */
public final class TwinWriter implements SampleBatcher.OverlappingStore {

  private static final int MAX_ATTEMPTS = 8;

  private final TwinDatabase db;
  private final TwinLine line;
  private final String connector;
  private final TwinLanes lanes;

  /**
   * Makes the writers of one connector.
   *
   * @param connector its name; another one after a restart
   */
  public TwinWriter(TwinDatabase db, TwinLine line, String connector) {
    this.db = db;
    this.line = line;
    this.connector = connector;
    this.lanes = new TwinLanes(db, line, connector);
  }

  /** Returns its lanes, which its fillers share. */
  TwinLanes lanes() {
    return lanes;
  }

  /** Returns the fillers of the same connector. */
  public SampleBatcher.OverlappingStore filler(int firstLane) {
    return new TwinFiller(db, line, connector, lanes, firstLane);
  }

  @Override
  public CompletionStage<Void> write(int writer, List<PendingBatch> group) {
    CompletableFuture<Void> free = new CompletableFuture<>();
    new Storing(writer, group, free).start();
    return free;
  }

  static IngestFailure unavailable(TwinFailure e) {
    return new IngestFailure(
        FailureKind.UNAVAILABLE, "cannot store the request now (" + e.sqlState() + ")");
  }

  /** One group, until it is committed, refused or judged again. */
  private final class Storing {
    private final int lane;
    private final List<PendingBatch> group;
    private final CompletableFuture<Void> free;
    private final Map<Long, LeaseClaim> claims;
    private final Set<Integer> careful = new HashSet<>();
    private int attempts;
    private @Nullable TwinSession session;

    Storing(int lane, List<PendingBatch> group, CompletableFuture<Void> free) {
      this.lane = lane;
      this.group = group;
      this.free = free;
      this.claims = LaneFence.claims(group);
    }

    void start() {
      lanes.register(
          lane,
          claims.keySet(),
          failure -> {
            if (failure == null) {
              attempt();
            } else {
              failed(failure);
            }
          });
    }

    private void attempt() {
      for (PendingBatch pending : group) {
        for (LeaseClaim claim : pending.claims()) {
          LeaseClaim merged = claims.get(claim.clusterId());
          if (merged != null && !merged.fence().equals(claim.fence())) {
            judgeAgain(new LeaseChanged(Set.of(claim.clusterId())));
            return;
          }
        }
      }
      attempts++;
      line.toServer(
          () -> {
            if (!db.isUp()) {
              answer(TwinLine.Point.BETWEEN, new TwinFailure("08006"), this::attempt);
              return;
            }
            TwinSession begun = db.begin(connector);
            session = begun;
            if (db.mutant == Mutant.FENCE_FIRST) {
              pass(begun, () -> insert(begun));
            } else {
              insert(begun);
            }
          });
    }

    private void insert(TwinSession in) {
      if (careful.size() == group.size()) {
        insertMissing(in);
        return;
      }
      in.inCopy = true;
      db.run(
          in,
          TwinDatabase.FOR_EVER,
          () -> insert(in, false),
          failure -> {
            in.inCopy = failure == null;
            answer(TwinLine.Point.IN_COPY, failure, () -> endCopy(in));
          });
    }

    /** The fast path, or the careful one. */
    private @Nullable TwinSession insert(TwinSession in, boolean slowly) {
      for (int i = 0; i < group.size(); i++) {
        if (careful.contains(i) != slowly) {
          continue;
        }
        var samples = group.get(i).batch().samples();
        var series = group.get(i).batch().series();
        for (int s = 0; s < samples.size(); s++) {
          TwinSession holder =
              db.insert(
                  in,
                  series.id(samples.series(s)),
                  samples.timestampMs(s),
                  samples.valueBits(s),
                  slowly);
          if (holder != null) {
            return holder;
          }
        }
      }
      return null;
    }

    private void endCopy(TwinSession in) {
      line.toServer(
          () -> {
            in.inCopy = false;
            if (careful.isEmpty()) {
              passOrCommit(in);
            } else {
              insertMissing(in);
            }
          });
    }

    private void insertMissing(TwinSession in) {
      db.run(
          in,
          TwinDatabase.FOR_EVER,
          () -> insert(in, true),
          failure ->
              answer(TwinLine.Point.BETWEEN, failure, () -> line.toServer(() -> passOrCommit(in))));
    }

    private void passOrCommit(TwinSession in) {
      if (db.mutant == Mutant.FENCE_FIRST) {
        answer(TwinLine.Point.BEFORE_COMMIT, null, () -> commit(in));
      } else {
        pass(in, () -> answer(TwinLine.Point.BEFORE_COMMIT, null, () -> commit(in)));
      }
    }

    private void pass(TwinSession in, Runnable next) {
      lanes.pass(
          in,
          lane,
          claims,
          false,
          TwinDatabase.FOR_EVER,
          (lost, failure) -> {
            if (failure != null) {
              answer(TwinLine.Point.BETWEEN, failure, next);
            } else if (!lost.isEmpty()) {
              db.end(in, false);
              line.toClient(TwinLine.Point.BETWEEN, () -> judgeAgain(new LeaseChanged(lost)));
            } else {
              next.run();
            }
          });
    }

    private void commit(TwinSession in) {
      group.forEach(p -> p.left().forEach(held -> in.redo.add(() -> db.shelve(held))));
      line.toServer(
          () -> {
            TwinFailure failure = null;
            try {
              db.commit(in);
            } catch (TwinFailure e) {
              failure = e;
            }
            answer(TwinLine.Point.BETWEEN, failure, this::stored);
          });
    }

    private void answer(TwinLine.Point point, @Nullable TwinFailure failure, Runnable next) {
      line.toClient(
          point,
          () -> {
            if (failure == null) {
              next.run();
            } else {
              refused(failure);
            }
          });
    }

    private void refused(TwinFailure failure) {
      TwinSession open = session;
      if (open != null) {
        db.end(open, false);
      }
      boolean duplicate = failure.sqlState().equals("23505");
      boolean again = duplicate || failure.sqlState().equals("40P01");
      if (!again || attempts == MAX_ATTEMPTS) {
        failed(unavailable(failure));
        return;
      }
      if (duplicate) {
        markCareful(failure.seriesId());
      }
      attempt();
    }

    private void markCareful(long seriesId) {
      boolean first = careful.isEmpty();
      for (int i = 0; i < group.size(); i++) {
        if (!first || holds(group.get(i), seriesId)) {
          careful.add(i);
        }
      }
    }

    private boolean holds(PendingBatch pending, long seriesId) {
      for (int row = 0; row < pending.batch().series().size(); row++) {
        if (pending.batch().series().id(row) == seriesId) {
          return true;
        }
      }
      return false;
    }

    private void judgeAgain(LeaseChanged change) {
      List<PendingBatch> others = new ArrayList<>();
      List<PendingBatch> changed = new ArrayList<>();
      for (PendingBatch pending : group) {
        boolean hit =
            pending.claims().stream().anyMatch(c -> change.clusterIds().contains(c.clusterId()));
        (hit ? changed : others).add(pending);
      }
      changed.forEach(p -> p.done().completeExceptionally(change));
      if (others.isEmpty()) {
        free.complete(null);
      } else {
        new Storing(lane, others, free).start();
      }
    }

    private void failed(RuntimeException failure) {
      if (failure instanceof LeaseChanged change) {
        judgeAgain(change);
        return;
      }
      group.forEach(p -> p.done().completeExceptionally(failure));
      free.complete(null);
    }

    private void stored() {
      group.forEach(p -> p.done().complete(0));
      free.complete(null);
    }
  }
}
