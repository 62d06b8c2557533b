package org.promscale.storage;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.FillOrder;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.LeaseClaim;
import org.promscale.ha.SteeringOrder;
import org.promscale.ingest.LeaseChanged;
import org.promscale.ingest.LeaseStore;

/** The twin as a stage: what the simulation runs, one statement at a time. */
final class TwinStage implements InterleavingStage {

  static final long NOW_MS = 1_700_000_100_000L;
  static final long EARLIER_MS = 1_700_000_000_000L;
  static final long STORED_MS = EARLIER_MS + 5_000;
  static final long OTHER_MS = EARLIER_MS + 10_000;

  private static final long SERIES = 1;
  private static final long CLUSTER = 1;

  private TwinDatabase db = database();
  private final List<String> withLanes = List.of("s", "t", "f", "g");

  private static TwinDatabase database() {
    return new TwinDatabase(() -> NOW_MS, () -> NOW_MS, new Random(1), Mutant.NONE);
  }

  /** A transaction that stands at the server's door with its next statement. */
  private static final class Steps implements Actor, TwinLine {
    private final ArrayDeque<Runnable> statements = new ArrayDeque<>();
    private @Nullable String outcome;

    @Override
    public void toServer(Runnable statement) {
      statements.add(statement);
    }

    @Override
    public void toClient(Point point, Runnable next) {
      next.run();
    }

    @Override
    public void await(BooleanSupplier done) {
      throw new IllegalStateException("nothing here waits in the middle of a step");
    }

    @Override
    public @Nullable String step() {
      statements.remove().run();
      return settled();
    }

    @Override
    public @Nullable String settled() {
      return outcome != null ? outcome : statements.isEmpty() ? null : OK;
    }

    void end(String what) {
      outcome = what;
    }

    void endWith(CompletableFuture<Integer> answer) {
      var unused =
          answer.whenComplete(
              (done, failure) ->
                  end(failure == null ? DONE : failure instanceof LeaseChanged ? CHANGED : FAILED));
    }

    /** Runs all there is now. */
    void runAll() {
      while (!statements.isEmpty()) {
        statements.remove().run();
      }
    }
  }

  private TwinCluster cluster() {
    TwinCluster cluster = db.cluster(CLUSTER);
    if (cluster == null) {
      throw new IllegalStateException("no cluster");
    }
    return cluster;
  }

  private TwinLeases leases() {
    return new TwinLeases(db, new Steps(), "judge", () -> NOW_MS);
  }

  @Override
  public void fresh() {
    db = database();
    var unused = leases().elect(0, "c", "A", 10);
    leases().note(List.of(new LeaseStore.ReplicaNote(CLUSTER, "B", NOW_MS, EARLIER_MS)), List.of());
    withLanes.forEach(lane -> registered(new Steps(), lane));
    Steps first = new Steps();
    registered(first, "s").write(0, List.of(storing(EARLIER_MS)));
    first.runAll();
  }

  /** Returns the writers of a connector whose lane is known to it. */
  private TwinWriter registered(Steps line, String connector) {
    TwinWriter writer = new TwinWriter(db, line, connector);
    writer.lanes().register(0, Set.of(CLUSTER), failure -> {});
    line.runAll();
    return writer;
  }

  private PendingBatch storing(long timeMs) {
    return Batches.unknown()
        .known(SERIES, timeMs, 1)
        .pending(new LeaseClaim(CLUSTER, cluster().fence, timeMs, 0));
  }

  private PendingBatch filling(long timeMs) {
    return Batches.unknown()
        .known(SERIES, timeMs, 1)
        .filling(new FillOrder(CLUSTER, cluster().fence, 0, true));
  }

  @Override
  public Actor actor(String name) {
    Steps steps = new Steps();
    switch (name) {
      case "store" -> store(steps, "s", STORED_MS);
      case "store the same" -> store(steps, "t", STORED_MS);
      case "fill" -> fill(steps, "f", OTHER_MS);
      case "fill the same" -> fill(steps, "g", STORED_MS);
      case "register" ->
          new TwinLanes(db, steps, "r")
              .register(0, Set.of(CLUSTER), failure -> steps.end(failure == null ? DONE : FAILED));
      case "transition" -> change(steps, "B");
      case "another transition" -> change(steps, "C");
      case "hand over" -> order(steps, SteeringOrder.Action.HAND_OVER);
      case "drain" -> order(steps, SteeringOrder.Action.DRAIN);
      case "adopt" -> steps.toServer(() -> steps.end("sees term " + read().lease().term()));
      default -> throw new IllegalArgumentException(name);
    }
    return steps;
  }

  private ClusterState read() {
    return leases().read(Set.of(CLUSTER)).get(0);
  }

  private void store(Steps steps, String connector, long timeMs) {
    PendingBatch pending = storing(timeMs);
    var unused = registered(steps, connector).write(0, List.of(pending));
    steps.endWith(pending.done());
  }

  private void fill(Steps steps, String connector, long timeMs) {
    PendingBatch pending = filling(timeMs);
    var unused = registered(steps, connector).filler(0).write(0, List.of(pending));
    steps.endWith(pending.done());
  }

  private void order(Steps steps, SteeringOrder.Action action) {
    ClusterState seen = read();
    TwinSteering steering = new TwinSteering(db, steps, "ops");
    new TwinTransition(
            db,
            steps,
            "ops",
            seen.clusterId(),
            steering.wish(seen, InterleavingStage.order(action), 0, ruling -> {}),
            (done, failure) -> steps.end(failure != null ? FAILED : done ? DONE : CHANGED))
        .start();
  }

  private void change(Steps steps, String winner) {
    ClusterState seen = read();
    new TwinTransition(
            db,
            steps,
            winner,
            seen.clusterId(),
            TwinTransition.automatic(seen, LeaderChange.silent(winner)),
            (leads, failure) -> steps.end(failure != null ? FAILED : leads ? DONE : CHANGED))
        .start();
  }

  @Override
  public String state() {
    StringBuilder state = new StringBuilder();
    TwinCluster cluster = cluster();
    state.append("term ").append(cluster.term).append(" of ").append(cluster.leader);
    state.append(" from ").append(cluster.startMs).append(" seal ").append(cluster.sealMs);
    state.append(", terms");
    for (TwinCluster.TermRow term : cluster.terms) {
      state.append(' ').append(term.leader()).append(' ').append(term.startMs());
      state.append("..").append(term.endMs());
    }
    state.append(", patches");
    for (TwinCluster.PatchRow patch : cluster.patches) {
      state.append(' ').append(patch.replica).append(' ').append(patch.startMs);
      state.append("..").append(patch.endMs);
    }
    state.append(", lanes");
    cluster.lanes.forEach(
        (name, lane) ->
            state
                .append(' ')
                .append(name)
                .append(lane.fence.equals(cluster.fence) ? " current " : " old ")
                .append(lane.frontierMs)
                .append('/')
                .append(lane.commits));
    state.append(", drained ").append(cluster.drained);
    return state.append(", samples ").append(db.samples(SERIES).keySet()).toString();
  }
}
