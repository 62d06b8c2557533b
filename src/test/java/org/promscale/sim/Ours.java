package org.promscale.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.Hold;
import org.promscale.ha.LeaseClaim;
import org.promscale.ha.LeasePolicy;
import org.promscale.ha.Standing;
import org.promscale.ha.SteeringOrder;
import org.promscale.ingest.BatchRouter;
import org.promscale.ingest.ClusterLeaders;
import org.promscale.ingest.HaListener;
import org.promscale.ingest.HeldBodies;
import org.promscale.ingest.HoldKeeper;
import org.promscale.ingest.LeaderRouter;
import org.promscale.ingest.LeaderSteering;
import org.promscale.ingest.LeaderWatch;
import org.promscale.ingest.Leadership;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.Samples;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;
import org.promscale.storage.Mutant;
import org.promscale.storage.TwinLeases;
import org.promscale.storage.TwinShelf;
import org.promscale.storage.TwinSteering;

/** The shipped rules and the shipped code in one life of a connector, or with a mistake in it. */
final class Ours implements Policy.Elector {

  private static final int MOST_CLUSTERS = 10;

  private final TwinLeases store;
  private final Hold hold;
  private final LeaderRouter router;
  private final HoldKeeper keeper;
  private final LeaderWatch watch;
  private final LeaderSteering helm;
  private boolean hasLeft;

  Ours(Connector connector, World world) {
    this.store = new TwinLeases(world.database(), connector, connector.name(), connector::clockMs);
    ClusterLeaders leaders =
        new ClusterLeaders(
            store,
            task -> connector.host().later(0, task),
            connector.clock(),
            world.simulation()::nowNanos,
            connector.databaseClock(),
            HaListener.NONE,
            MOST_CLUSTERS);
    TwinShelf shelf = new TwinShelf(world.database());
    this.hold = new Hold(world.plan().holdBytes());
    boolean forgetful = world.mutant() == Mutant.REPLAYS_NOTHING;
    HeldBodies bodies =
        new HeldBodies(forgetful ? Ours::nothing : world.bodies(), connector.validator());
    this.router =
        new LeaderRouter(
            world.mutant() == Mutant.OLD_VIEW ? new Trusting(leaders) : leaders,
            connector.storing(),
            connector.filling(),
            hold,
            shelf,
            bodies,
            HaListener.NONE);
    this.keeper =
        new HoldKeeper(
            hold,
            shelf,
            bodies,
            shelf,
            store,
            router,
            task -> connector.host().later(0, task),
            connector.clock(),
            world.simulation()::nowNanos,
            HaListener.NONE);
    LeasePolicy policy = new LeasePolicy(world.plan().timeoutMs());
    this.helm =
        new LeaderSteering(
            new TwinSteering(world.database(), connector, connector.name()),
            store,
            leaders,
            policy,
            world.simulation()::nowNanos);
    this.watch =
        new LeaderWatch(
            store, leaders, policy, Connector.TOLERANCE_MS, world.simulation()::nowNanos, keeper);
  }

  @Override
  public BatchRouter router() {
    return router;
  }

  @Override
  public void look() {
    watch.look();
    helm.look();
  }

  @Override
  public void order(SteeringOrder order) {
    var unused = helm.steer(0, World.nameOf(0), order);
  }

  @Override
  public void leave() {
    hasLeft = keeper.leave(0) == 0; // else the database was away, and it is like a crash
  }

  @Override
  public List<HeldRequest> held() {
    List<HeldRequest> all = new ArrayList<>();
    for (long cluster = 1; cluster <= MOST_CLUSTERS && !hasLeft; cluster++) {
      all.addAll(hold.of(cluster));
    }
    return all;
  }

  @Override
  public long viewedAtMs(long clusterId) {
    return store.viewedAtMs(clusterId);
  }

  private static WriteBatch nothing(int tenant, byte[] body) {
    return new WriteBatch(
        tenant,
        List.of(),
        new SeriesTable(1),
        new Samples(0),
        new ArrayList<>(0),
        new ArrayList<>(0),
        new ArrayList<>(0));
  }

  /** Takes every view of a lease for a fresh one. */
  private record Trusting(Leadership leadership) implements Leadership {

    @Override
    public CompletionStage<List<@Nullable Standing>> standings(
        int tenant, List<@Nullable ReplicaIdentity> replicas) {
      return leadership.standings(tenant, replicas).thenApply(Trusting::trusted);
    }

    private static List<@Nullable Standing> trusted(List<@Nullable Standing> standings) {
      List<@Nullable Standing> trusted = new ArrayList<>();
      for (Standing s : standings) {
        trusted.add(s == null ? null : new Standing(s.state(), s.replica(), true, s.arrivedMs()));
      }
      return trusted;
    }

    @Override
    public void saw(Standing standing, long newestMs) {
      leadership.saw(standing, newestMs);
    }

    @Override
    public LeaseClaim withWorstLag(LeaseClaim claim) {
      return leadership.withWorstLag(claim);
    }

    @Override
    public CompletionStage<Void> refresh(Set<Long> clusterIds) {
      return leadership.refresh(clusterIds);
    }
  }
}
