package org.promscale.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.ClusterState;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.Hold;
import org.promscale.ha.Lease;
import org.promscale.ha.Patch;
import org.promscale.ha.PatchRun;
import org.promscale.ha.Probes;
import org.promscale.ha.Progress;
import org.promscale.ha.Sighting;
import org.promscale.ha.Silence;
import org.promscale.ha.Steering;
import org.promscale.ha.Verdict;
import org.promscale.ingest.ClusterReport;
import org.promscale.model.ReplicaIdentity;

/** Every meter of high availability, as a scrape shows it. */
class HaMetersTest {

  private static final long NOW = 10_000_000;

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final HaMeters meters = new HaMeters(registry);
  private final Hold hold = new Hold(100_000);
  private final List<ClusterReport> reports = new ArrayList<>();

  HaMetersTest() {
    meters.show(() -> reports);
    meters.show(hold, () -> reports);
  }

  private static ClusterState state(long term, String leader, List<Sighting> sightings) {
    return new ClusterState(
        7,
        0,
        "prod",
        new Lease(
            term,
            leader,
            Lease.NO_TIME,
            Lease.NO_TIME,
            new UUID(0, 1),
            Silence.UNKNOWN,
            List.of(),
            0),
        new Progress(NOW - 4_000, NOW - 4_000, 12_000, 5, NOW),
        sightings,
        List.of(),
        List.of(new Patch(3, "b", NOW - 9_000, NOW - 5_000, 0)),
        0,
        0,
        PatchRun.NONE,
        Steering.NONE,
        NOW);
  }

  private void report(ClusterState state) {
    reports.clear();
    reports.add(new ClusterReport(state, 1_500, 45_000, 15_000, 2_500_000_000L));
  }

  /** Returns the lines of a scrape whose names begin like this, without the prefix. */
  private List<String> shown(String name) throws IOException {
    ByteArrayOutputStream page = new ByteArrayOutputStream();
    new Exposition(registry).write(null, page);
    return page.toString(StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.startsWith("promscale_ha_" + name))
        .map(line -> line.substring("promscale_ha_".length()))
        .toList();
  }

  @Test
  @DisplayName("Who leads is 1, who could is 0, who was not seen for an hour is gone")
  void leaderInfo() throws IOException {
    report(
        state(
            2,
            "b",
            List.of(
                new Sighting("a", NOW - 3_599_000, NOW - 3_600_000),
                new Sighting("b", NOW - 1_000, NOW - 2_000),
                new Sighting("old", NOW - 3_601_000, NOW - 3_602_000))));
    assertThat(shown("cluster_leader_info"))
        .containsExactly(
            "cluster_leader_info{cluster=\"prod\",replica=\"a\"} 0.0",
            "cluster_leader_info{cluster=\"prod\",replica=\"b\"} 1.0");
    assertThat(shown("replica_lag_seconds"))
        .containsExactly(
            "replica_lag_seconds{cluster=\"prod\",replica=\"a\"} 3600.0",
            "replica_lag_seconds{cluster=\"prod\",replica=\"b\"} 2.0");
    assertThat(shown("replica_last_seen"))
        .contains("replica_last_seen_timestamp_seconds{cluster=\"prod\",replica=\"b\"} 9999.0");
  }

  @Test
  @DisplayName("A leader that nobody has heard of is shown too")
  void leaderNeverSeen() throws IOException {
    report(state(1, "a", List.of()));
    assertThat(shown("cluster_leader_info"))
        .containsExactly("cluster_leader_info{cluster=\"prod\",replica=\"a\"} 1.0");
  }

  @Test
  @DisplayName("What a cluster's lease and progress say")
  void perCluster() throws IOException {
    report(state(2, "b", List.of()));
    assertThat(shown("cluster_"))
        .contains(
            "cluster_term{cluster=\"prod\"} 2.0",
            "cluster_leader_silence_seconds{cluster=\"prod\"} 1.5",
            "cluster_leader_timeout_seconds{cluster=\"prod\"} 45.0",
            "cluster_settle_seconds{cluster=\"prod\"} 24.0",
            "cluster_open_patches{cluster=\"prod\"} 1.0",
            "cluster_frontier_lag_seconds{cluster=\"prod\"} 4.0",
            "cluster_view_age_seconds{cluster=\"prod\"} 2.5");
  }

  @Test
  @DisplayName("What is held: bytes, the bound, items, and for how long")
  void held() throws IOException {
    report(state(1, "a", List.of()));
    assertThat(shown("hold_age")).containsExactly("hold_age_seconds{cluster=\"prod\"} 0.0");
    for (long newest : new long[] {NOW - 8_000, NOW - 30_000}) {
      hold.addAnyway(
          new HeldRequest(
              7,
              0,
              new ReplicaIdentity("prod", "b"),
              new byte[100],
              NOW - 60_000,
              newest,
              new HeldRequest.Arrival(NOW, NOW - 60_000),
              500,
              Probes.NONE));
    }
    assertThat(shown("hold_"))
        .contains(
            "hold_bytes " + (double) hold.bytes(),
            "hold_max_bytes 100000.0",
            "hold_items{cluster=\"prod\"} 1000.0",
            "hold_age_seconds{cluster=\"prod\"} 30.0");
  }

  @Test
  @DisplayName("Samples by replica and verdict; a patch fills as a late sender does")
  void samples() throws IOException {
    meters.judged("prod", "a", Verdict.STORE, 5);
    meters.judged("prod", "b", Verdict.HOLD, 4);
    meters.judged("prod", "b", Verdict.COVERED, 3);
    meters.judged("prod", "b", Verdict.PATCH, 2);
    meters.judged("prod", "b", Verdict.FILL, 1);
    meters.judged("prod", "b", Verdict.PUSH_BACK, 6);
    assertThat(shown("samples_total"))
        .containsExactlyInAnyOrder(
            "samples_total{cluster=\"prod\",replica=\"a\",verdict=\"stored\"} 5.0",
            "samples_total{cluster=\"prod\",replica=\"b\",verdict=\"held\"} 4.0",
            "samples_total{cluster=\"prod\",replica=\"b\",verdict=\"covered\"} 3.0",
            "samples_total{cluster=\"prod\",replica=\"b\",verdict=\"filled\"} 3.0",
            "samples_total{cluster=\"prod\",replica=\"b\",verdict=\"pushed_back\"} 6.0");
  }

  @Test
  @DisplayName("What happens to a cluster is counted, from zero on")
  void events() throws IOException {
    ClusterState before = state(2, "a", List.of());
    meters.clusterKnown(before);
    assertThat(shown("cluster_leader_changes"))
        .containsExactly("cluster_leader_changes_total{cluster=\"prod\"} 0.0");
    assertThat(shown("patches_total")).containsExactly("patches_total{cluster=\"prod\"} 0.0");
    assertThat(shown("cluster_hole"))
        .containsExactly("cluster_hole_seconds_total{cluster=\"prod\"} 0.0");
    meters.leaderChanged(before, state(4, "a", List.of()));
    meters.leaderChanged(state(4, "a", List.of()), state(3, "b", List.of()));
    assertThat(shown("cluster_leader_changes"))
        .as("two that went by between two looks, and one that an older database shows")
        .containsExactly("cluster_leader_changes_total{cluster=\"prod\"} 3.0");
    meters.patchOpened(before, "b");
    meters.compared("prod", 9, 2);
    meters.fenceLost();
    meters.unattributed(8);
    meters.changeMeasured("prod", "silent", 47_000L, 12_500L);
    meters.changeMeasured("prod", "handed over", null, null);
    assertThat(shown(""))
        .contains(
            "patches_total{cluster=\"prod\"} 1.0",
            "held_requests_compared_total{cluster=\"prod\",result=\"covered\"} 9.0",
            "held_requests_compared_total{cluster=\"prod\",result=\"hole\"} 2.0",
            "fences_lost_total 1.0",
            "unattributed_items_total 8.0",
            "cluster_hole_seconds_total{cluster=\"prod\"} 12.5",
            "failover_duration_seconds_bucket{cause=\"silent\",le=\"45.0\"} 0",
            "failover_duration_seconds_bucket{cause=\"silent\",le=\"60.0\"} 1",
            "failover_duration_seconds_sum{cause=\"silent\"} 47.0",
            "failover_duration_seconds_count{cause=\"handed over\"} 0");
  }

  @Test
  @DisplayName("What is refused for its time, by replica; names without end are not")
  void rejected() throws IOException {
    IngestMeters ingest = new IngestMeters(registry);
    ingest.rejectedOf(new ReplicaIdentity("prod", "a"), 3);
    for (int i = 0; i < 2_000; i++) {
      ingest.rejectedOf(new ReplicaIdentity("c" + i, "r"), 1);
    }
    ingest.rejectedOf(new ReplicaIdentity("prod", "a"), 4);
    assertThat(shown("rejected_items"))
        .hasSize(1_001)
        .contains(
            "rejected_items_total{cluster=\"prod\",replica=\"a\"} 7.0",
            "rejected_items_total{cluster=\"\",replica=\"\"} 1001.0");
  }

  @Test
  @DisplayName("A cluster that is gone leaves nothing behind")
  void clusterGone() throws IOException {
    ClusterState state = state(1, "a", List.of(new Sighting("a", NOW, NOW)));
    report(state);
    meters.clusterKnown(state);
    meters.judged("prod", "a", Verdict.STORE, 5);
    meters.judged("other", "a", Verdict.STORE, 5);
    meters.compared("prod", 1, 1);
    meters.changeMeasured("prod", "silent", 1L, 1L);
    reports.clear();
    meters.clusterGone(state);
    assertThat(shown("")).noneMatch(line -> line.contains("cluster=\"prod\""));
    assertThat(shown("samples_total"))
        .containsExactly("samples_total{cluster=\"other\",replica=\"a\",verdict=\"stored\"} 5.0");
  }
}
