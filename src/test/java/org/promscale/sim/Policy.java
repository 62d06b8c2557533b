package org.promscale.sim;

import java.util.function.LongSupplier;
import org.promscale.ha.LeasePolicy;
import org.promscale.ingest.BatchRouter;
import org.promscale.ingest.ClusterLeaders;
import org.promscale.ingest.HaListener;
import org.promscale.ingest.LeaderRouter;
import org.promscale.ingest.LeaderWatch;
import org.promscale.storage.TwinLeases;

/** How connectors decide who is stored. */
@FunctionalInterface
interface Policy {

  /** Of one life of a connector. */
  interface Elector {

    /** Returns where its requests go. */
    BatchRouter router();

    /** Looks at the leaders; called every second. */
    void look();
  }

  /** Makes the elector of a connector. */
  Elector elector(Connector connector, World world);

  /** The shipped rules and the shipped code. */
  Policy OURS =
      (connector, world) -> {
        LongSupplier clock = connector::clockMs;
        TwinLeases store = new TwinLeases(world.database(), clock);
        ClusterLeaders leaders =
            new ClusterLeaders(
                store,
                task -> connector.host().later(0, task),
                connector.clock(),
                world.simulation()::nowNanos,
                connector.databaseClock(),
                HaListener.NONE,
                10);
        LeaderWatch watch =
            new LeaderWatch(
                store,
                leaders,
                new LeasePolicy(world.plan().timeoutMs()),
                Connector.TOLERANCE_MS,
                world.simulation()::nowNanos);
        LeaderRouter router =
            new LeaderRouter(leaders, connector.storing(), connector.filling(), HaListener.NONE);
        return new Elector() {
          @Override
          public BatchRouter router() {
            return router;
          }

          @Override
          public void look() {
            watch.look();
          }
        };
      };
}
