package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.ClusterState;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.Seam;
import org.promscale.ha.Silence;
import org.promscale.ingest.TermLedger;

/** What a change of leader has cost, measured in PostgreSQL: A scrapes every ten seconds. */
class PgTermLedgerIT {

  private static final long T0 = HaStage.T0;

  /** The value of the label job of all series here. */
  private static final String CLUSTER = "test";

  private static HaStage stage;
  private static HaConnector one;
  private static PgTermLedger ledger;
  private static PgTermLedger other;

  @BeforeAll
  static void start() throws SQLException {
    stage = new HaStage();
    one = stage.connector("one");
    ledger = new PgTermLedger(stage.database(), List.of("cluster", "job"));
    other = new PgTermLedger(stage.database(), List.of("cluster", "job"));
  }

  @AfterAll
  static void stop() {
    stage.close();
  }

  private static void commit(long cluster, String metric, int... seconds) {
    for (int second : seconds) {
      one.commit(0, cluster, metric, T0 + second * 1_000L, 1);
    }
  }

  private static TermLedger.NewTerm only(List<TermLedger.NewTerm> terms) {
    assertThat(terms).hasSize(1);
    return terms.get(0);
  }

  @Test
  @DisplayName("A change is open until it is measured, and one connector closes it")
  void measured() throws Exception {
    long cluster = one.elect(CLUSTER, "A");
    assertThat(ledger.open()).as("a first leader is no change").isEmpty();
    for (String metric : List.of("filled", "holed", "ended")) {
      commit(cluster, metric, IntStream.iterate(-80, s -> s <= 0, s -> s + 10).toArray());
    }
    ClusterState seen = one.read(cluster);
    ClusterState silent = seen.withSilence(new Silence(seen.progress().commits(), 16_500, 0));
    assertThat(one.store().takeOver(silent, LeaderChange.silent("B"))).isTrue();

    TermLedger.NewTerm taken = only(ledger.open());
    assertThat(taken.cluster()).isEqualTo(CLUSTER);
    assertThat(taken.before() + " " + taken.leader() + " " + taken.number()).isEqualTo("A B 2");
    assertThat(taken.startMs()).isEqualTo(T0);
    assertThat(taken.cause()).isEqualTo("silent");
    assertThat(taken.silenceMs()).isEqualTo(16_500);
    assertThat(taken.failoverMs()).as("B has stored nothing").isNull();
    assertThat(taken.seamOpen()).isTrue();
    assertThat(taken.over()).isFalse();
    assertThat(taken.ageMs()).isBetween(0L, 60_000L);
    assertThat(ledger.measure(taken)).as("nobody goes on yet").isEqualTo(new Seam(0, 0, 10_000));

    commit(cluster, "filled", 7, 17);
    commit(cluster, "holed", 37);
    stage.pass(Duration.ofSeconds(11));
    one.store().closePatch(cluster, one.read(cluster).openPatches().get(0).id());
    TermLedger.NewTerm stored = only(other.open());
    assertThat(stored.failoverMs()).isBetween(1L, 60_000L);
    assertThat(stored.seamOpen()).isFalse();
    assertThat(stored.frontierMs()).isEqualTo(T0 + 37_000);
    assertThat(ledger.measure(stored)).isEqualTo(new Seam(2, 27_000, 10_000));

    List<Callable<Boolean>> both =
        List.of(() -> ledger.close(stored, 27_000L), () -> other.close(stored, 27_000L));
    assertThat(LeaseStoreFixture.together(both)).containsExactlyInAnyOrder(true, false);
    assertThat(ledger.open()).isEmpty();
    assertThat(
            stage.rows(
                "SELECT term, hole_ms, silence_ms, failover_ms > 0 FROM prom_info.ha_terms WHERE"
                    + " cluster = 'test' ORDER BY term"))
        .containsExactly("1|null|null|null", "2|27000|16500|t");
    assertThat(one.read(cluster).terms().size()).isEqualTo(2);
    PgLeaseHistory history = new PgLeaseHistory(stage.database());
    assertThat(history.terms(0, CLUSTER, 1).orElseThrow().get(0))
        .satisfies(t -> assertThat(t.holeMs()).isEqualTo(27_000))
        .satisfies(t -> assertThat(t.silenceMs()).isEqualTo(16_500))
        .satisfies(t -> assertThat(t.failoverMs()).isPositive());
  }

  @Test
  @DisplayName("A term that was over before it was measured is told too")
  void over() throws Exception {
    long cluster = one.elect("short", "A");
    commit(cluster, "short", 0, 10);
    for (String next : List.of("B", "C")) {
      assertThat(one.store().takeOver(one.read(cluster), LeaderChange.silent(next))).isTrue();
    }
    List<TermLedger.NewTerm> open =
        ledger.open().stream().filter(t -> t.cluster().equals("short")).toList();
    assertThat(open.stream().map(t -> t.before() + t.leader() + t.over()).toList())
        .containsExactly("ABtrue", "BCfalse");
    open.forEach(t -> assertThat(ledger.close(t, null)).isTrue());
  }
}
