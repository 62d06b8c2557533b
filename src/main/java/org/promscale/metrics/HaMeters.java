package org.promscale.metrics;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.promscale.ha.ClusterState;
import org.promscale.ha.Hold;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.Lease;
import org.promscale.ha.Sighting;
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
  private final Counter patches;
  private final Counter fencesLost;
  private final Counter compared;
  private final Counter holeSeconds;
  private final Histogram failovers;
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
    patches =
        Counter.builder()
            .name("promscale_ha_patches_total")
            .help("Patches this connector has opened because the leader had left holes.")
            .labelNames("cluster")
            .register(registry);
    compared =
        Counter.builder()
            .name("promscale_ha_held_requests_compared_total")
            .help("Held requests compared with what is stored, by what 16 of their samples showed.")
            .labelNames("cluster", "result")
            .register(registry);
    holeSeconds =
        Counter.builder()
            .name("promscale_ha_cluster_hole_seconds_total")
            .help(
                "Seconds that changes of leader have left a hole for, the longest one of each; counted"
                    + " by one connector each.")
            .labelNames("cluster")
            .register(registry);
    failovers =
        Histogram.builder()
            .name("promscale_ha_failover_duration_seconds")
            .help(
                "From the old leader's last commit to the new one's first, by cause; each change is"
                    + " counted by one connector.")
            .labelNames("cause")
            .classicUpperBounds(1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200)
            .register(registry);
    for (LeaderChange.Cause cause : LeaderChange.Cause.values()) {
      failovers.initLabelValues(cause.text());
    }
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
            callback -> {
              for (ClusterReport report : reports.get()) {
                // Whoever leads is shown even if it was never heard of: an older database tells so.
                callback.call(1, report.state().cluster(), report.state().lease().leader());
              }
              eachReplica(
                  reports,
                  (report, seen) -> {
                    if (!leads(report, seen)) {
                      callback.call(0, report.state().cluster(), seen.replica());
                    }
                  });
            })
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
    perCluster(
        reports,
        "promscale_ha_cluster_term",
        "Number of the current term.",
        r -> r.state().lease().term());
    perCluster(
        reports,
        "promscale_ha_cluster_leader_silence_seconds",
        "How long the leader has committed nothing.",
        r -> r.silenceMs() / 1e3);
    perCluster(
        reports,
        "promscale_ha_cluster_leader_timeout_seconds",
        "After how much silence a standby takes over.",
        r -> r.timeoutMs() / 1e3);
    perCluster(
        reports,
        "promscale_ha_cluster_settle_seconds",
        "How far a standby's samples must be behind the leader's to be let go.",
        r -> r.state().settleMs() / 1e3);
    perCluster(
        reports,
        "promscale_ha_cluster_open_patches",
        "Stretches in which a replica fills holes now.",
        r -> r.state().openPatches().size());
    perCluster(
        reports,
        "promscale_ha_cluster_frontier_lag_seconds",
        "How far the newest stored sample of the leader is behind now.",
        r -> {
          long frontierMs = r.state().progress().frontierMs();
          return frontierMs == Lease.NO_TIME ? Double.NaN : (r.state().nowMs() - frontierMs) / 1e3;
        });
    perCluster(
        reports,
        "promscale_ha_cluster_view_age_seconds",
        "Since when this connector has not heard from the database who leads.",
        r -> r.ageNanos() / 1e9);
  }

  /**
   * Registers the meters of what is held.
   *
   * @param reports what is known of all clusters, from memory
   */
  public void show(Hold hold, Supplier<List<ClusterReport>> reports) {
    perCluster(
        reports,
        "promscale_ha_hold_age_seconds",
        "How far the oldest held request of a cluster is behind now; 0 if none is held.",
        r -> {
          long oldestMs = hold.oldestMs(r.state().clusterId());
          return oldestMs == Long.MAX_VALUE ? 0 : Math.max(0, r.state().nowMs() - oldestMs) / 1e3;
        });
    perCluster(
        reports,
        "promscale_ha_hold_items",
        "Samples, histograms and exemplars of a cluster that are held.",
        r -> hold.items(r.state().clusterId()));
    gauge("bytes", "Memory that held requests of standbys take.", hold::bytes);
    gauge("max_bytes", "Memory that they may take.", hold::maxBytes);
  }

  private void gauge(String name, String help, LongSupplier value) {
    GaugeWithCallback.builder()
        .name("promscale_ha_hold_" + name)
        .help(help)
        .callback(callback -> callback.call((double) value.getAsLong()))
        .register(registry);
  }

  /** A number of a cluster. */
  @FunctionalInterface
  private interface ClusterNumber {
    double of(ClusterReport report);
  }

  private void perCluster(
      Supplier<List<ClusterReport>> reports, String name, String help, ClusterNumber number) {
    GaugeWithCallback.builder()
        .name(name)
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
    patches.initLabelValues(state.cluster());
    holeSeconds.initLabelValues(state.cluster());
  }

  @Override
  public void judged(String cluster, String name, Verdict verdict, long items) {
    Replica replica = new Replica(cluster, name);
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
      case HOLD -> "held";
      case PUSH_BACK -> "pushed_back";
    };
  }

  @Override
  public void unattributed(long items) {
    unattributed.inc(items);
  }

  @Override
  public void leaderChanged(ClusterState before, ClusterState after) {
    // A look may find that several have gone by; an older database has fewer terms.
    long terms = after.lease().term() - before.lease().term();
    changes.labelValues(after.cluster()).inc(Math.max(1, terms));
  }

  @Override
  public void changeMeasured(
      String cluster, String cause, @Nullable Long failoverMs, @Nullable Long holeMs) {
    if (failoverMs != null) {
      failovers.labelValues(cause).observe(failoverMs / 1e3);
    }
    if (holeMs != null) {
      holeSeconds.labelValues(cluster).inc(holeMs / 1e3);
    }
  }

  @Override
  public void compared(String cluster, int covered, int holed) {
    compared.labelValues(cluster, "covered").inc(covered);
    compared.labelValues(cluster, "hole").inc(holed);
  }

  /** What is gone is not shown as if nothing happened any more. */
  @Override
  public void clusterGone(ClusterState state) {
    String cluster = state.cluster();
    changes.remove(cluster);
    patches.remove(cluster);
    holeSeconds.remove(cluster);
    compared.remove(cluster, "covered");
    compared.remove(cluster, "hole");
    for (Verdict verdict : Verdict.values()) {
      for (Replica replica : replicas) {
        if (replica.cluster().equals(cluster)) {
          samples.remove(cluster, replica.name(), label(verdict));
        }
      }
      samples.remove(cluster, "", label(verdict));
    }
    replicas.removeIf(replica -> replica.cluster().equals(cluster));
  }

  @Override
  public void patchOpened(ClusterState state, String replica) {
    patches.labelValues(state.cluster()).inc();
  }

  @Override
  public void fenceLost() {
    fencesLost.inc();
  }
}
