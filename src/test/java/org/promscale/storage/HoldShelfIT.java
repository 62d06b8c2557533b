package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.LeaderChange;

/** What becomes of held requests that lie in the database. */
class HoldShelfIT extends HoldFixture {

  @Test
  @DisplayName("What a connector leaves is settled by another")
  void leavesAndSettles() throws Exception {
    send(one, "A", name, every10(0, 100));
    send(other, "B", name, every10(3, 63));
    assertThat(other.leave()).as("given up").isZero();
    assertThat(shelf()).containsExactly(cluster + "|B|3|63|7");
    assertHeldBack(ask(other, "B", name, 73));
    assertThat(shelf()).hasSize(1);
    one.look();
    assertThat(shelf()).isEmpty();
    assertThat(one.hold().items()).isEqualTo(7);
    one.look();
    one.pass(Duration.ofSeconds(6));
    one.look();
    assertThat(one.hold().items()).isZero();
    assertThat(stage.stored(name)).isEqualTo(samples(every10(0, 100)));
    assertThat(patches()).isEmpty();
    one.look();
    assertThat(claimed()).as("settled, so it is gone").isEmpty();
  }

  @Test
  @DisplayName("What a connector leaves is replayed by another if its sender leads by then")
  void leavesAndReplays() throws Exception {
    send(one, "A", name, every10(0, 60));
    send(other, "B", name, every10(3, 43));
    send(other, "B", name, every10(53, 103));
    assertThat(other.leave()).as("given up").isZero();
    assertThat(shelf()).containsExactly(cluster + "|B|3|43|5", cluster + "|B|53|103|6");
    lead("B");
    one.look();
    assertThat(shelf()).isEmpty();
    one.look();
    awaitEmpty(one);
    assertThat(stage.stored(name)).isEqualTo(samples(every10(0, 60), 63, 73, 83, 93, 103));
  }

  @Test
  @DisplayName("Of many connectors one adopts a request")
  void isAdoptedOnce() throws Exception {
    send(one, "A", name, every10(0, 10));
    for (int i = 0; i < 20; i++) {
      send(other, "B", name, 3 + 10 * i);
    }
    assertThat(other.leave()).isZero();
    List<HaConnector> adopters = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      adopters.add(stage.connector(name + "-adopter-" + i));
    }
    LeaseStoreFixture.together(
        adopters.stream()
            .<java.util.concurrent.Callable<Integer>>map(
                c ->
                    () -> {
                      c.look();
                      return 0;
                    })
            .toList());
    assertThat(adopters.stream().mapToLong(c -> c.hold().items()).sum()).isEqualTo(20);
    assertThat(shelf()).isEmpty();
  }

  @Test
  @DisplayName("What a connector has adopted is adopted again if it dies, and only then")
  void adopterIsKilled() throws Exception {
    send(one, "A", name, every10(0, 60));
    send(other, "B", name, every10(3, 103));
    assertThat(other.leave()).isZero();
    HaConnector killed = stage.connector(name + "-killed");
    killed.look();
    assertThat(killed.hold().items()).isEqualTo(11);
    stage.pass(Duration.ofSeconds(50));
    killed.pass(Duration.ofSeconds(50));
    killed.look();
    stage.pass(Duration.ofSeconds(50));
    one.look();
    assertThat(one.hold().items()).as("while the other one lives").isZero();
    stage.pass(Duration.ofSeconds(11));
    one.look();
    assertThat(one.hold().items()).isEqualTo(11);
    lead("B");
    one.look();
    awaitEmpty(one);
    assertThat(stage.stored(name)).isEqualTo(samples(every10(0, 60), 63, 73, 83, 93, 103));
    one.look();
    assertThat(claimed()).isEmpty();
  }

  @Test
  @DisplayName("An adopted request that is left again lies there once, free for the next one")
  void leavesAgain() throws Exception {
    send(one, "A", name, every10(0, 10));
    send(other, "B", name, every10(3, 13));
    assertThat(other.leave()).isZero();
    HaConnector second = stage.connector(name + "-second");
    second.look();
    assertThat(shelf()).isEmpty();
    assertThat(second.leave()).isZero();
    assertThat(shelf()).containsExactly(cluster + "|B|3|13|2");
    assertThat(claimed()).hasSize(1);
    one.look();
    assertThat(one.hold().items()).isEqualTo(2);
  }

  /** A request that stores for the leader of this cluster and is held for a standby of another. */
  private CompletionStage<Void> mixed(String standbyOf) {
    return one.route(
        () ->
            Batches.unknown()
                .from(name, "A")
                .sample(name, T0, 1)
                .from(standbyOf, "B")
                .sample(standbyOf, T0 + 3_000, 2)
                .build());
  }

  @Test
  @DisplayName("Where the hold is full, the held part of a request is stored along with the rest")
  void mixedRequestDoesNotWait() throws Exception {
    String standbyOf = name + "_second";
    long second = one.elect(standbyOf, "A");
    assertThat(one.hold().reserve(one.hold().maxBytes())).isTrue();
    one.look();
    var unused = mixed(standbyOf).toCompletableFuture().get(30, SECONDS);
    assertThat(stage.stored(name)).containsExactly("0=1");
    assertThat(shelf()).containsExactly(second + "|B|3|3|1");
    assertThat(
            stage.rows(
                "SELECT DISTINCT h.xmin = s.xmin FROM _prom_catalog.ha_held h,"
                    + " prom_data.sample s JOIN _prom_catalog.series r ON r.id = s.series_id"
                    + " WHERE r.labels->>'__name__' = '"
                    + name
                    + "'"))
        .as("one transaction")
        .containsExactly("t");
    assertHeldBack(ask(one, "B", name, 3));
    assertThat(shelf()).as("nothing that could wait").hasSize(1);

    other.look();
    assertThat(shelf()).isEmpty();
    assertThat(other.store().takeOver(other.read(second), LeaderChange.silent("B"))).isTrue();
    other.look();
    awaitEmpty(other);
    assertThat(stage.stored(standbyOf)).containsExactly("3000=2");
  }

  @Test
  @DisplayName("A held part is not stored if the rest is not")
  void mixedRequestIsRolledBack() throws Exception {
    String standbyOf = name + "_second";
    one.elect(standbyOf, "A");
    assertThat(one.hold().reserve(one.hold().maxBytes())).isTrue();
    one.look();
    UUID fence = one.read(cluster).lease().fence();
    gate.shut();
    CompletionStage<Void> answer = mixed(standbyOf);
    gate.awaitSomebody();
    assertThat(other.store().takeOver(other.read(cluster), LeaderChange.silent("C"))).isTrue();
    gate.open();
    assertHeldBack(answer);
    assertThat(one.read(cluster).lease().fence()).isNotEqualTo(fence);
    assertThat(one.fencesLost()).isEqualTo(1);
    assertThat(shelf()).isEmpty();
    assertThat(stage.stored(name)).isEmpty();
  }
}
