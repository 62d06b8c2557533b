package org.promscale.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.Hold;
import org.promscale.model.ReplicaIdentity;

/** What the router does with the samples of standbys. */
class LeaderRouterHoldTest extends RouterFixture {

  @Test
  @DisplayName("A standby's request is kept whatever the age of its samples, and acknowledged")
  void standbyHeld() throws Exception {
    route(new ReplicaBatch().samples("c1", "b", 60, 101).exemplar("c1", "b", 300));
    assertThat(stored).isEmpty();
    assertThat(counted).containsExactly(Map.entry("c1/b HOLD", 3L));
    assertThat(seen).containsExactly("c1/b 101");
    HeldRequest held = hold.of(1).get(0);
    assertThat(held.sender()).isEqualTo(new ReplicaIdentity("c1", "b"));
    assertThat(held.body()).isSameAs(BODY);
    assertThat(held.oldestMs()).isEqualTo(60_000);
    assertThat(held.newestMs()).isEqualTo(101_000);
    assertThat(held.items()).isEqualTo(3);
  }

  @Test
  @DisplayName("A full hold pushes back, and what is counted as held is in it")
  void fullHold() {
    hold = new Hold(1);
    hold.reserve(1);
    assertThat(failureOf(new ReplicaBatch().samples("c1", "b", 101)))
        .isEqualTo(FailureKind.HELD_BACK);
    assertThat(hold.of(1)).isEmpty();
    assertThat(counted).containsExactly(Map.entry("c1/b PUSH_BACK", 1L));
  }

  @Test
  @DisplayName("Nobody who may not know the leader any more takes a standby's data")
  void staleView() {
    fresh = false;
    assertThat(failureOf(new ReplicaBatch().samples("c1", "b", 10)))
        .isEqualTo(FailureKind.HELD_BACK);
    assertThat(hold.of(1)).isEmpty();
  }

  @Test
  @DisplayName("A request that also stores never waits for the hold: its part goes to the database")
  void mixedWithFullHold() throws Exception {
    hold = new Hold(1);
    hold.reserve(1);
    route(new ReplicaBatch().samples("c1", "a", 101).samples("c2", "a", 102));
    assertThat(stored).containsExactly("[101] of 1 series");
    assertThat(left).hasSize(1);
    assertThat(left.get(0).sender()).isEqualTo(new ReplicaIdentity("c2", "a"));
  }

  @Test
  @DisplayName("A full hold does not block a new leader whose patch waits: the database keeps it")
  void leaderWithFullHold() throws Exception {
    clusters.put("c1", secondTerm(1, "c1", "a", "b", 170_000));
    hold = new Hold(1);
    hold.reserve(1);
    route(new ReplicaBatch().samples("c1", "b", 98, 99));
    assertThat(stored).containsExactly("[] of 0 series");
    assertThat(claims).isEmpty();
    assertThat(left).hasSize(1);
    assertThat(left.get(0).sender()).isEqualTo(new ReplicaIdentity("c1", "b"));
    assertThat(counted).containsExactly(Map.entry("c1/b HOLD", 2L));
    assertThat(failureOf(new ReplicaBatch().samples("c1", "a", 104)))
        .as("a standby waits")
        .isEqualTo(FailureKind.HELD_BACK);
  }

  @Test
  @DisplayName("A request that could not be stored is not held either, and its room is free again")
  void nothingHeldOfWhatFails() {
    storeFailures.add(new IngestFailure(FailureKind.UNAVAILABLE, "down"));
    assertThat(failureOf(new ReplicaBatch().samples("c1", "a", 101).samples("c2", "a", 102)))
        .isEqualTo(FailureKind.UNAVAILABLE);
    assertThat(hold.bytes()).isZero();
  }

  @Test
  @DisplayName("What was held is stored once its sender leads, and let go only if all of it is")
  void judgedAnew() throws Exception {
    ReplicaBatch batch =
        new ReplicaBatch().samples("c1", "b", 98, 99, 104, 105).samples("c2", "a", 9).ofNobody(1);
    route(batch);
    HeldRequest held = hold.of(1).get(0);
    stored.clear();
    counted.clear();
    assertThat(router(batch).judge(held).toCompletableFuture().get())
        .as("a leads")
        .isEqualTo(LeaderRouter.Rest.HELD);
    assertThat(stored).isEmpty();
    assertThat(counted).isEmpty();
    clusters.put("c1", secondTerm(1, "c1", "a", "b"));
    assertThat(router(batch).judge(held).toCompletableFuture().get())
        .isEqualTo(LeaderRouter.Rest.NONE);
    assertThat(stored).containsExactly("[104, 105] of 1 series");
    assertThat(filled).containsExactly("[98, 99] of 1 series patch 9 leads");
    assertThat(counted).containsExactly(Map.entry("c1/b STORE", 2L));
    assertThat(held.unplaced()).as("covered: the keeper counts them when it lets go").isEqualTo(2);
  }

  @Test
  @DisplayName("A held request that is judged again and again is counted once")
  void countedOnce() throws Exception {
    ReplicaBatch batch = new ReplicaBatch().samples("c1", "b", 98, 99, 104, 105);
    route(batch);
    HeldRequest held = hold.of(1).get(0);
    counted.clear();
    clusters.put("c1", secondTerm(1, "c1", "a", "b"));
    for (int i = 0; i < 3; i++) {
      router(batch).judge(held).toCompletableFuture().get();
    }
    assertThat(counted).containsExactly(Map.entry("c1/b STORE", 2L));
  }

  @Test
  @DisplayName("Of a request that has to come again only what does not come again is counted")
  void countedWhenAnswered() throws Exception {
    hold = new Hold(HeldRequest.bytes(BODY.length));
    clusters.put("c3", state(3, "c3", "c"));
    ReplicaBatch mixed =
        new ReplicaBatch().samples("c1", "a", 101).samples("c2", "a", 102).samples("c3", "a", 103);
    fresh = false;
    assertThat(failureOf(mixed)).isEqualTo(FailureKind.HELD_BACK);
    assertThat(stored).as("a leader's samples are stored all the same").hasSize(1);
    assertThat(counted)
        .containsExactly(Map.entry("c2/a PUSH_BACK", 1L), Map.entry("c3/a PUSH_BACK", 1L));
    counted.clear();
    fresh = true;
    route(mixed);
    assertThat(counted)
        .containsExactly(
            Map.entry("c1/a STORE", 1L), Map.entry("c2/a HOLD", 1L), Map.entry("c3/a HOLD", 1L));
  }

  @Test
  @DisplayName("Whatever breaks while a request is handed over, its room in the hold is free again")
  void roomIsFreeAgain() {
    ReplicaBatch mixed = new ReplicaBatch().samples("c1", "a", 101).samples("c2", "a", 102);
    SampleSink broken =
        (batch, claims, withIt, bytes) -> {
          throw new IllegalStateException("broken");
        };
    assertThat(
            router(mixed, broken).route(mixed.build(), rejections, 10, BODY).toCompletableFuture())
        .failsWithin(Duration.ZERO);
    assertThat(hold.bytes()).isZero();
  }
}
