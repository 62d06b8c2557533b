package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.LeasePolicy;
import org.promscale.ha.Patch;
import org.promscale.ha.Standing;
import org.promscale.ha.SteeringOrder.Action;
import org.promscale.ha.SteeringRuling;
import org.promscale.ha.SteeringRuling.Outcome;
import org.promscale.ha.Takeover;
import org.promscale.ingest.ClusterLeaders;
import org.promscale.ingest.HaListener;
import org.promscale.ingest.LeaderSteering;
import org.promscale.ingest.LeaseHistory;
import org.promscale.model.ReplicaIdentity;

/** Orders on PostgreSQL: what they change and what they record. */
class PgLeaseSteeringIT extends SteeredCluster {

  @Test
  void handOver() throws Exception {
    ClusterState before = read();
    assertThat(steer(order(Action.HAND_OVER, "B"))).isEqualTo(Outcome.DONE);

    ClusterState after = read();
    assertThat(after.lease().leader()).isEqualTo("B");
    assertThat(after.lease().term()).isEqualTo(2);
    assertThat(after.lease().startMs()).as("the frontier").isEqualTo(T0 + 100_000);
    assertThat(after.progress().frontierMs()).isEqualTo(T0 + 100_000);
    assertThat(terms()).containsExactly("1|A|first|null|null", "2|B|handed over|ops|new disk");
    assertThat(actions()).containsExactly("hand-over|B|ops|new disk|f|2");
    assertThat(after.recentChanges()).as("nobody's fault doubles no timeout").isZero();

    Patch patch = after.openPatches().get(0);
    assertThat(patch.replica()).isEqualTo("B");
    assertThat(patch.endMs()).isEqualTo(T0 + 100_000);
    assertThat(patch.isOpen(after.nowMs())).as("the old leader delivers its rest first").isFalse();
    assertThat(patch.opensAtMs() - after.nowMs()).isBetween(18_000L, 20_000L);

    UUID old = before.lease().fence();
    assertThat(connector.commit(0, id, old, name, T0 + 101_000, 1)).isFalse();
    connector.commit(0, id, name, T0 + 100_500, 2);
    assertThat(stage.stored(name)).containsExactly("100000=1", "100500=2");
  }

  @Test
  void aCommitInFlightIsBeforeTheBoundary() throws Exception {
    try (Connection storer = stage.database().getConnection();
        Statement statement = storer.createStatement()) {
      storer.setAutoCommit(false);
      statement.execute(
          "UPDATE _prom_catalog.ha_progress SET commits = commits + 1, frontier ="
              + " _prom_catalog.data_time("
              + (T0 + 101_000)
              + "), last = _prom_catalog.data_time("
              + (T0 + 101_000)
              + ") WHERE cluster_id = "
              + id);
      Future<Outcome> steered = stage.async(() -> steer(order(Action.HAND_OVER, "B")));
      stage.awaitBlockedOrDone("FROM _prom_catalog.ha_progress", steered);
      storer.commit();
      assertThat(HaStage.join(steered)).isEqualTo(Outcome.DONE);
    }
    assertThat(read().lease().startMs()).isEqualTo(T0 + 101_000);
  }

  @Test
  void refusedHandOverChangesNothing() throws Exception {
    SteeringRuling ruling = steering.steer(read(), order(Action.HAND_OVER, "C"), TIMEOUT_MS);
    assertThat(ruling.outcome()).isEqualTo(Outcome.REFUSED);
    assertThat(ruling.why()).startsWith("C is 50 s behind, it must be less than 20 s: wait for it");
    assertThat(steer(order(Action.HAND_OVER, "D"))).isEqualTo(Outcome.UNKNOWN);
    assertThat(terms()).hasSize(1);
    assertThat(actions()).isEmpty();

    assertThat(steer(order(Action.HAND_OVER, "C", true, null, null))).isEqualTo(Outcome.DONE);
    assertThat(read().lease().leader()).isEqualTo("C");
    assertThat(actions()).containsExactly("hand-over|C|ops|new disk|t|2");
  }

  @Test
  void pinWithExpiry() throws Exception {
    assertThat(steer(order(Action.PIN, "B", false, Duration.ofHours(1), null)))
        .isEqualTo(Outcome.DONE);
    ClusterState pinned = read();
    assertThat(pinned.lease().leader()).isEqualTo("B");
    assertThat(pinned.steering().pinned()).isEqualTo("B");
    assertThat(pinned.steering().pinnedUntilMs() - pinned.nowMs())
        .isBetween(3_590_000L, 3_600_000L);
    assertThat(terms()).last().isEqualTo("2|B|pinned|ops|new disk");
    assertThat(shown()).containsExactly("B|t");
    assertThat(
            stage.rows(
                "SELECT expires > now() + interval '59 min' FROM prom_info.ha_actions WHERE"
                    + " cluster = '"
                    + name
                    + "'"))
        .containsExactly("t");
    assertThat(steer(order(Action.HAND_OVER, "A"))).as("against a pin").isEqualTo(Outcome.REFUSED);

    stage.execute(
        "UPDATE _prom_catalog.ha_lease SET pinned_until = clock_timestamp() WHERE cluster_id = "
            + id);
    assertThat(read().steering().pinnedAt(read().nowMs())).isNull();
    assertThat(shown()).containsExactly("null|null");
    assertThat(steering.bringBack(read(), "B")).as("no more").isFalse();
    note("A", System.currentTimeMillis(), T0 + 100_000);
    assertThat(steer(order(Action.HAND_OVER, "A"))).isEqualTo(Outcome.DONE);
  }

  private List<String> shown() throws SQLException {
    return stage.rows(
        "SELECT pinned, pinned_until > now() FROM prom_info.ha_clusters WHERE cluster = '"
            + name
            + "'");
  }

  @Test
  void thePinnedReplicaGetsLeadershipBackOnce() throws Exception {
    assertThat(steer(order(Action.PIN, "A"))).isEqualTo(Outcome.DONE);
    assertThat(read().lease().term()).as("it led already").isEqualTo(1);
    ClusterState led = read();
    assertThat(connector.store().takeOver(led, LeaderChange.silent("B"))).isTrue();
    assertThat(read().recentChanges()).isEqualTo(1);
    ClusterState lost = read();
    assertThat(steering.bringBack(led, "A")).as("on an old view").isFalse();
    assertThat(steering.bringBack(lost, "C")).as("not pinned").isFalse();
    assertThat(steering.bringBack(lost, "A")).isTrue();
    assertThat(steering.bringBack(lost, "A")).as("twice").isFalse();
    assertThat(terms())
        .containsExactly("1|A|first|null|null", "2|B|silent|null|null", "3|A|pinned|ops|new disk");
    assertThat(read().recentChanges()).as("only the silence counts").isEqualTo(1);

    assertThat(steer(order(Action.UNPIN, null))).isEqualTo(Outcome.DONE);
    assertThat(read().steering().pinned()).isNull();
    assertThat(connector.store().takeOver(read(), LeaderChange.silent("B"))).isTrue();
    assertThat(steering.bringBack(read(), "A")).as("unpinned").isFalse();
    assertThat(actions()).containsExactly("pin|A|ops|new disk|f|1", "unpin|null|ops|new disk|f|3");
  }

  @Test
  void drainAndUndrain() throws Exception {
    note("C", System.currentTimeMillis(), T0 + 99_000);
    assertThat(Takeover.candidate(read(), TIMEOUT_MS)).contains("C");
    assertThat(steer(order(Action.DRAIN, "C"))).isEqualTo(Outcome.DONE);
    assertThat(read().steering().drained()).containsExactly("C");
    assertThat(Takeover.candidate(read(), TIMEOUT_MS)).contains("B");
    assertThat(steer(order(Action.DRAIN, "A"))).as("the leader").isEqualTo(Outcome.DONE);
    assertThat(read().lease().leader()).isEqualTo("B");
    assertThat(read().steering().drained()).containsExactlyInAnyOrder("A", "C");
    assertThat(terms()).last().isEqualTo("2|B|drained|ops|new disk");
    assertThat(steer(order(Action.HAND_OVER, "A"))).isEqualTo(Outcome.REFUSED);

    stage.execute(
        "UPDATE _prom_catalog.ha_sighting SET last_seen = last_seen - interval '2 days' WHERE"
            + " cluster_id = "
            + id);
    connector.store().forgetReplicas(id);
    assertThat(read().steering().drained())
        .as("two days later")
        .containsExactlyInAnyOrder("A", "C");
    assertThat(steer(order(Action.UNDRAIN, "A"))).isEqualTo(Outcome.DONE);
    assertThat(steer(order(Action.DRAIN, "B"))).as("the last one").isEqualTo(Outcome.DONE);
    assertThat(read().lease().leader()).isEqualTo("B");
    assertThat(actions())
        .containsExactly(
            "drain|C|ops|new disk|f|1",
            "drain|A|ops|new disk|f|2",
            "undrain|A|ops|new disk|f|2",
            "drain|B|ops|new disk|f|2");
  }

  @Test
  void anOrderOnAnOldFenceIsAConflict() throws Exception {
    UUID seen = read().lease().fence();
    UUID foreign = UUID.randomUUID();
    assertThat(steer(order(Action.DRAIN, "B", false, null, foreign))).isEqualTo(Outcome.CHANGED);
    assertThat(steer(order(Action.HAND_OVER, "B", false, null, seen))).isEqualTo(Outcome.DONE);
    SteeringRuling again =
        steering.steer(read(), order(Action.HAND_OVER, "A", true, null, seen), TIMEOUT_MS);
    assertThat(again.outcome()).isEqualTo(Outcome.CHANGED);
    assertThat(again.why())
        .contains("B leads in term 2, fence " + read().lease().fence() + "; look again");
    assertThat(actions()).hasSize(1);
  }

  @Test
  void theConnectorThatTookTheOrderKnowsItAtOnce() throws Exception {
    ClusterLeaders leaders =
        new ClusterLeaders(
            connector.store(),
            stage.threads(),
            InstantSource.system(),
            System::nanoTime,
            () -> 0L,
            HaListener.NONE,
            1_000);
    LeaderSteering helm =
        new LeaderSteering(
            steering, connector.store(), leaders, new LeasePolicy(TIMEOUT_MS), System::nanoTime);
    assertThat(helm.steer(0, name, order(Action.HAND_OVER, "B")).outcome())
        .as("nobody has looked yet")
        .isEqualTo(Outcome.UNKNOWN);
    leaders.refresh(Set.of(id)).toCompletableFuture().join();
    assertThat(helm.steer(0, name, order(Action.HAND_OVER, "B")).outcome()).isEqualTo(Outcome.DONE);
    Standing standing =
        Objects.requireNonNull(
            leaders
                .standings(0, List.of(new ReplicaIdentity(name, "B")))
                .toCompletableFuture()
                .join()
                .get(0));
    assertThat(standing.leads()).isTrue();
    assertThat(helm.steer(7, name, order(Action.HAND_OVER, "B")).outcome())
        .as("another tenant's")
        .isEqualTo(Outcome.UNKNOWN);
  }

  @Test
  void history() {
    LeaseHistory history = new PgLeaseHistory(stage.database());
    assertThat(history.actions(0, name, 10)).hasValueSatisfying(a -> assertThat(a).isEmpty());
    steer(order(Action.HAND_OVER, "B"));
    steer(order(Action.PIN, "B", false, Duration.ofHours(1), null));

    List<LeaseHistory.TermEntry> terms = history.terms(0, name, 10).orElseThrow();
    assertThat(terms).extracting(LeaseHistory.TermEntry::leader).containsExactly("B", "A");
    assertThat(terms.get(0).startMs()).isEqualTo(T0 + 100_000);
    assertThat(terms.get(0).endMs()).isEqualTo(Long.MAX_VALUE);
    assertThat(terms.get(0).reason()).isEqualTo("new disk");
    assertThat(terms.get(1).startMs()).isEqualTo(Long.MIN_VALUE);
    assertThat(terms.get(1).endMs()).isEqualTo(T0 + 100_000);
    assertThat(terms.get(1).actor()).isNull();
    assertThat(history.terms(0, name, 1).orElseThrow()).hasSize(1);

    LeaseHistory.PatchEntry patch = history.patches(0, name, 10).orElseThrow().get(0);
    assertThat(patch.cause()).isEqualTo("hand-over");
    assertThat(patch.openUntilMs()).isEqualTo(Long.MAX_VALUE);
    assertThat(patch.opensAtMs()).isGreaterThan(patch.openedAtMs());

    List<LeaseHistory.ActionEntry> actions = history.actions(0, name, 10).orElseThrow();
    assertThat(actions)
        .extracting(LeaseHistory.ActionEntry::action)
        .containsExactly("pin", "hand-over");
    assertThat(actions.get(0).expiresMs() - actions.get(0).atMs())
        .isBetween(3_590_000L, 3_600_000L);
    assertThat(actions.get(1).expiresMs()).isEqualTo(Long.MAX_VALUE);

    assertThat(history.terms(1, name, 10)).as("another tenant's").isEmpty();
    assertThat(history.patches(0, "none", 10)).isEmpty();
  }
}
