package org.promscale.sim;

import java.util.List;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.SteeringOrder;
import org.promscale.ingest.BatchRouter;

/** How connectors decide who is stored. */
@FunctionalInterface
interface Policy {

  /** Of one life of a connector. */
  interface Elector {

    /** Returns where its requests go. */
    BatchRouter router();

    /** Looks at the leaders; called every second. */
    void look();

    /** Carries out an operator's order for the first cluster. */
    default void order(SteeringOrder order) {}

    /** Leaves to other connectors what was promised; called once, at an orderly end. */
    default void leave() {}

    /** Returns what would be lost if the connector died now. */
    default List<HeldRequest> held() {
      return List.of();
    }

    /** Returns true wall time at which it last read who leads a cluster. */
    default long viewedAtMs(long clusterId) {
      return Long.MAX_VALUE;
    }
  }

  /** Makes the elector of a connector. */
  Elector elector(Connector connector, World world);

  /** The shipped rules and the shipped code. */
  Policy OURS = Ours::new;
}
