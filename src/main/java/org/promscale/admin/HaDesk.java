package org.promscale.admin;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.promscale.ha.SteeringOrder;
import org.promscale.ha.SteeringRuling;
import org.promscale.ingest.ClusterReport;
import org.promscale.ingest.LeaseHistory;

/**
 * What the resources of this room work with.
 *
 * @param highAvailability whether it is switched on
 * @param clusters what is known of all clusters, from memory
 * @param history what has happened to them, from the database
 * @param helm carries out orders
 * @param steerable whether orders are taken at all
 */
public record HaDesk(
    boolean highAvailability,
    Supplier<List<ClusterReport>> clusters,
    LeaseHistory history,
    Helm helm,
    boolean steerable) {

  /** Carries out orders. */
  @FunctionalInterface
  public interface Helm {

    /**
     * Carries out an order. Blocks.
     *
     * @throws org.promscale.ingest.IngestFailure UNAVAILABLE if the database does not answer
     */
    SteeringRuling steer(int tenant, String cluster, SteeringOrder order);
  }

  /** Returns what is known of one cluster. */
  Optional<ClusterReport> cluster(int tenant, String name) {
    return clusters.get().stream()
        .filter(r -> r.state().tenant() == tenant && r.state().cluster().equals(name))
        .findFirst();
  }
}
