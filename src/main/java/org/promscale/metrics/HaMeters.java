package org.promscale.metrics;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.promscale.ha.ClusterState;
import org.promscale.ha.Lease;
import org.promscale.ha.Sighting;
import org.promscale.ha.Standing;
import org.promscale.ha.Verdict;
import org.promscale.ingest.ClusterReport;
import org.promscale.ingest.HaListener;

/** Meters of high availability. Thread-safe. */
public final class HaMeters implements HaListener {

  /** A replica that was not seen for this long is shown no more. */
  private static final long SHOWN_MS = Duration.ofHours(1).toMillis();

  /** Replicas beyond these are counted together: a sender can make up any number of names. */
  private static final int MOST_REPLICAS = 10_000;

  private record Replica(String cluster, String name) {}

  private final PrometheusRegistry registry;
  private final Set<Replica> replicas = ConcurrentHashMap.newKeySet();
  private final Counter samples;
  private final Counter changes;
  private final Counter fencesLost;
  private final Counter unattributed;

  /** Registers the meters that count. */
  public HaMeters(PrometheusRegistry registry) {
    this.registry = registry;
    samples =
        Counter.builder()
            .name("promscale_ha_samples_total")
            .help(
                "Items of replicas by what became of them: stored, filled (late, fitted into"
                    + " holes), covered (a standby's, the leader has delivered), pushed_back (told"
                    + " to come back; counted at every try).")
            .labelNames("cluster", "replica", "verdict")
            .register(registry);
    changes =
        Counter.builder()
            .name("promscale_ha_cluster_leader_changes_total")
            .help("Changes of leader that this connector has learnt of; a first one is none.")
            .labelNames("cluster")
            .register(registry);
    unattributed =
        Counter.builder()
            .name("promscale_ha_unattributed_items_total")
            .help("Items stored from every sender because their series lack the labels.")
            .register(registry);
    fencesLost =
        Counter.builder()
            .name("promscale_ha_fences_lost_total")
            .help("Requests judged again because leadership had changed before they were stored.")
            .register(registry);
  }

  /**
   * Registers the meters that are read at each scrape.
   *
   * @param reports what is known of all clusters, from memory
   */
  public void show(Supplier<List<ClusterReport>> reports) {
    GaugeWithCallback.builder()
        .name("promscale_ha_cluster_leader_info")
        .help("1 for the replica that leads, 0 for the others that were seen in the last hour.")
        .labelNames("cluster", "replica")
        .callback(
            callback ->
                eachReplica(
                    reports,
                    (report, seen) ->
                        callback.call(
                            leads(report, seen) ? 1 : 0, report.state().cluster(), seen.replica())))
        .register(registry);
    GaugeWithCallback.builder()
        .name("promscale_ha_replica_lag_seconds")
        .help("How far the newest sample of a replica is behind now.")
        .labelNames("cluster", "replica")
        .callback(
            callback ->
                eachReplica(
                    reports,
                    (report, seen) -> {
                      if (seen.newestMs() != Lease.NO_TIME) {
                        callback.call(
                            (report.state().nowMs() - seen.newestMs()) / 1e3,
                            report.state().cluster(),
                            seen.replica());
                      }
                    }))
        .register(registry);
    GaugeWithCallback.builder()
        .name("promscale_ha_replica_last_seen_timestamp_seconds")
        .help("When a replica's last request arrived, by the database's clock.")
        .labelNames("cluster", "replica")
        .callback(
            callback ->
                eachReplica(
                    reports,
                    (report, seen) ->
                        callback.call(
                            seen.lastSeenMs() / 1e3, report.state().cluster(), seen.replica())))
        .register(registry);
    perCluster(reports, "term", "Number of the current term.", r -> r.state().lease().term());
    perCluster(
        reports,
        "leader_silence_seconds",
        "How long the leader has committed nothing.",
        r -> r.silenceMs() / 1e3);
    perCluster(
        reports,
        "leader_timeout_seconds",
        "After how much silence a standby takes over.",
        r -> r.timeoutMs() / 1e3);
    perCluster(
        reports,
        "settle_seconds",
        "How far a standby's samples must be behind the leader's to be let go.",
        r -> r.state().settleMs() / 1e3);
  }

  /** A number of a cluster. */
  @FunctionalInterface
  private interface ClusterNumber {
    double of(ClusterReport report);
  }

  private void perCluster(
      Supplier<List<ClusterReport>> reports, String name, String help, ClusterNumber number) {
    GaugeWithCallback.builder()
        .name("promscale_ha_cluster_" + name)
        .help(help)
        .labelNames("cluster")
        .callback(
            callback ->
                reports.get().forEach(r -> callback.call(number.of(r), r.state().cluster())))
        .register(registry);
  }

  private static void eachReplica(
      Supplier<List<ClusterReport>> reports, BiConsumer<ClusterReport, Sighting> action) {
    for (ClusterReport report : reports.get()) {
      for (Sighting seen : report.state().sightings()) {
        if (leads(report, seen) || report.state().nowMs() - seen.lastSeenMs() < SHOWN_MS) {
          action.accept(report, seen);
        }
      }
    }
  }

  private static boolean leads(ClusterReport report, Sighting seen) {
    return report.state().lease().leader().equals(seen.replica());
  }

  @Override
  public void clusterKnown(ClusterState state) {
    changes.initLabelValues(state.cluster());
  }

  @Override
  public void judged(Standing standing, Verdict verdict, long items) {
    String cluster = standing.state().cluster();
    Replica replica = new Replica(cluster, standing.replica());
    boolean own = replicas.contains(replica) || replicas.size() < MOST_REPLICAS;
    if (own) {
      replicas.add(replica);
    }
    samples.labelValues(cluster, own ? replica.name() : "", label(verdict)).inc(items);
  }

  private static String label(Verdict verdict) {
    return switch (verdict) {
      case STORE -> "stored";
      case FILL, PATCH -> "filled";
      case COVERED -> "covered";
      case HOLD -> "pushed_back";
    };
  }

  @Override
  public void unattributed(long items) {
    unattributed.inc(items);
  }

  @Override
  public void leaderChanged(ClusterState before, ClusterState after) {
    changes.labelValues(after.cluster()).inc();
  }

  @Override
  public void fenceLost() {
    fencesLost.inc();
  }
}
