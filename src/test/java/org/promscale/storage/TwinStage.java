package org.promscale.storage;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.Lease;
import org.promscale.ha.LeaseClaim;
import org.promscale.ingest.IngestFailure;

/** The twin as a stage. */
final class TwinStage implements InterleavingStage {

  static final long NOW_MS = 1_700_000_100_000L;
  static final long STORED_MS = 1_700_000_000_000L;
  static final long OTHER_MS = 1_700_000_001_000L;
  static final long SERIES = 1;

  private static final TwinLine STRAIGHT =
      new TwinLine() {
        @Override
        public void toServer(Runnable statement) {
          statement.run();
        }

        @Override
        public void toClient(Point point, Runnable next) {
          next.run();
        }
      };

  private TwinDatabase db = database();
  private UUID fence = new UUID(0, 0);

  private static TwinDatabase database() {
    return new TwinDatabase(() -> NOW_MS, () -> NOW_MS, new Random(1), Mutant.NONE);
  }

  private TwinCluster cluster() {
    TwinCluster cluster = db.cluster(1);
    if (cluster == null) {
      throw new IllegalStateException("no cluster");
    }
    return cluster;
  }

  @Override
  public void fresh() {
    db = database();
    var unused = new TwinLeases(db, () -> NOW_MS).elect(0, "c", "A", 10);
    fence = cluster().fence;
    for (String lane : List.of("s-0", "t-0", "f-0", "g-0")) {
      cluster().lanes.put(lane, new TwinCluster.Lane(lane, fence, NOW_MS));
    }
  }

  @Override
  public List<Step> actor(String name) {
    TwinLeases leases = new TwinLeases(db, () -> NOW_MS);
    ClusterState seen = leases.read(Set.of(1L)).get(0);
    TwinSession session = db.begin(name);
    return switch (name) {
      case "store" -> storing(session, "s", STORED_MS);
      case "store the same" -> storing(session, "t", STORED_MS);
      case "fill" -> filling(session, "f", OTHER_MS);
      case "fill the same" -> filling(session, "g", STORED_MS);
      case "register" ->
          List.of(
              () -> run(session, () -> db.lockShared(session, cluster())),
              () -> told(TwinRegistration.insert(db, session, cluster(), "r-0")));
      case "transition" -> List.of(() -> transition(leases, seen));
      case "adopt" -> List.of(() -> OK + " " + leases.read(Set.of(1L)).get(0).lease().term());
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static String transition(TwinLeases leases, ClusterState seen) {
    try {
      return leases.takeOver(seen, "B", "silent") ? OK : CHANGED;
    } catch (IngestFailure e) {
      return BLOCKED;
    }
  }

  private List<Step> storing(TwinSession session, String connector, long timeMs) {
    return List.of(
        () -> run(session, () -> db.insert(session, SERIES, timeMs, 1, false)),
        () -> pass(session, connector, timeMs, false),
        () -> commit(session));
  }

  private List<Step> filling(TwinSession session, String connector, long timeMs) {
    return List.of(
        () -> {
          String locked = run(session, () -> db.lockExclusive(session, cluster()));
          return locked.equals(OK) && !cluster().fence.equals(fence) ? end(session) : locked;
        },
        () -> run(session, () -> db.insert(session, SERIES, timeMs, 1, true)),
        () -> pass(session, connector, Lease.NO_TIME, true),
        () -> commit(session));
  }

  private String end(TwinSession session) {
    db.end(session, false);
    return CHANGED;
  }

  private String pass(TwinSession session, String connector, long newestMs, boolean alive) {
    LeaseClaim claim = new LeaseClaim(1, fence, newestMs, 0);
    boolean lost =
        !new TwinWriter.TwinLanes(db, STRAIGHT, connector)
            .pass(session, 0, Map.of(1L, claim), alive)
            .isEmpty();
    return lost ? end(session) : OK;
  }

  private String commit(TwinSession session) {
    db.commit(session);
    return OK;
  }

  private String run(TwinSession session, Supplier<@Nullable TwinSession> attempt) {
    String[] result = {BLOCKED};
    db.run(session, 0, attempt, failure -> result[0] = told(failure));
    if (!result[0].equals(OK)) {
      String kept = result[0];
      db.end(session, false);
      return kept;
    }
    return OK;
  }

  private static String told(@Nullable TwinFailure failure) {
    return failure == null ? OK : failure.sqlState().equals("23505") ? DUPLICATE : BLOCKED;
  }

  @Override
  public String state() {
    StringBuilder state = new StringBuilder();
    TwinCluster cluster = cluster();
    state.append("term ").append(cluster.term).append(" of ").append(cluster.leader);
    state.append(" from ").append(cluster.startMs).append(", lanes");
    cluster.lanes.forEach(
        (name, lane) ->
            state
                .append(' ')
                .append(name)
                .append(lane.fence.equals(cluster.fence) ? " current " : " old ")
                .append(lane.frontierMs)
                .append('/')
                .append(lane.commits));
    return state.append(", samples ").append(db.samples(SERIES).keySet()).toString();
  }
}
