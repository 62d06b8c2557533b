package org.promscale.metrics;

import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import java.util.function.Supplier;
import org.promscale.ha.ClusterState;
import org.promscale.ingest.ClusterReport;

/** Meters of what operators want of leadership. Stateless. */
public final class SteeringMeters {

  private SteeringMeters() {}

  /**
   * Registers the meters, which are read at each scrape.
   *
   * @param reports what is known of all clusters, from memory
   */
  public static void show(Supplier<List<ClusterReport>> reports, PrometheusRegistry registry) {
    GaugeWithCallback.builder()
        .name("promscale_ha_cluster_pinned")
        .help("1 for the replica that an operator has pinned; none where nobody is.")
        .labelNames("cluster", "replica")
        .callback(
            callback ->
                reports
                    .get()
                    .forEach(
                        report -> {
                          ClusterState state = report.state();
                          String pinned = state.steering().pinnedAt(state.nowMs());
                          if (pinned != null) {
                            callback.call(1, state.cluster(), pinned);
                          }
                        }))
        .register(registry);
    GaugeWithCallback.builder()
        .name("promscale_ha_replica_drained")
        .help("1 for replicas that an operator has drained; none for the others.")
        .labelNames("cluster", "replica")
        .callback(
            callback ->
                reports
                    .get()
                    .forEach(
                        report ->
                            report
                                .state()
                                .steering()
                                .drained()
                                .forEach(
                                    replica ->
                                        callback.call(1, report.state().cluster(), replica))))
        .register(registry);
  }
}
