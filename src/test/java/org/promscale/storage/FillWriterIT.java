package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.ha.ClusterState;
import org.promscale.ha.FillOrder;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.Lease;
import org.promscale.ha.LeaseClaim;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/** Filling holes of real rows. The leader A stored 1s, replica B fills with 2s. */
class FillWriterIT {

  private static final long T0 = HaStage.T0;
  private static final AtomicInteger NUMBERS = new AtomicInteger();

  private static HaStage stage;
  private static HaConnector one;
  private static HaConnector other;

  private String name = "";
  private long cluster;
  private UUID fence = new UUID(0, 0);
  private long patch;

  @BeforeAll
  static void start() throws SQLException {
    stage = new HaStage();
    one = stage.connector("one");
    other = stage.connector("other");
  }

  @AfterAll
  static void stop() {
    stage.close();
  }

  /** A has led until {@link #T0} + 1,000 s and stored one sample, B has just taken over. */
  @BeforeEach
  void takeOver() {
    name = "fill_" + NUMBERS.incrementAndGet();
    cluster = one.elect(name, "A");
    one.commit(0, cluster, name + "_end", T0 + 1_000_000, 1);
    ClusterState led = lead("B");
    fence = led.lease().fence();
    patch = led.openPatches().get(0).id();
  }

  private ClusterState lead(String winner) {
    assertThat(one.store().takeOver(one.read(cluster), LeaderChange.silent(winner))).isTrue();
    return one.read(cluster);
  }

  private FillOrder inPatch() {
    return new FillOrder(cluster, fence, patch, false);
  }

  private static long[] seconds(long... seconds) {
    return seconds;
  }

  /** Stored times of a series, times to fill in, and which of those fit; in seconds. */
  @SuppressWarnings("ArrayRecordComponent") // rows of a table, never compared
  record Hole(String situation, long[] stored, long[] sent, long[] filled) {
    @Override
    public String toString() {
      return situation;
    }
  }

  static Stream<Hole> holes() {
    return Stream.of(
        new Hole("hole", seconds(0, 10, 20, 50, 60), seconds(30, 40), seconds(30, 40)),
        new Hole("hole, others' phase", seconds(0, 10, 20, 50), seconds(27, 37), seconds(27, 37)),
        new Hole("no hole", seconds(0, 10, 20, 30, 40), seconds(15, 25, 35), seconds()),
        new Hole("distance of 1.5 d", seconds(0, 10, 20, 35, 45), seconds(27), seconds()),
        new Hole("more than 1.5 d", seconds(0, 10, 20, 36, 46), seconds(28), seconds(28)),
        new Hole("too close to the one before", seconds(0, 10, 20, 40), seconds(24), seconds()),
        new Hole("d/2 after the one before", seconds(0, 10, 20, 40), seconds(25), seconds(25)),
        new Hole("too close to the next", seconds(0, 10, 20, 40), seconds(36), seconds()),
        new Hole("d/2 before the next", seconds(0, 10, 20, 40), seconds(35), seconds(35)),
        new Hole(
            "too close to each other",
            seconds(0, 10, 20, 30, 70),
            seconds(40, 44, 50),
            seconds(40, 50)),
        new Hole("no next, too close", seconds(0, 10, 20), seconds(24), seconds()),
        new Hole("no next", seconds(0, 10, 20), seconds(25, 35, 45), seconds(25, 35, 45)),
        new Hole("no previous", seconds(50, 60, 70), seconds(30, 40), seconds(30, 40)),
        new Hole("no previous, too close", seconds(50, 60, 70), seconds(46), seconds()),
        new Hole("the same time", seconds(0, 10, 20, 50), seconds(10, 20, 50), seconds()),
        new Hole("unknown series", seconds(), seconds(0, 10, 20), seconds(0, 10, 20)),
        new Hole(
            "two holes", seconds(0, 10, 20, 40, 50, 70), seconds(30, 45, 60), seconds(30, 60)));
  }

  @ParameterizedTest
  @MethodSource("holes")
  void fillsWhatFits(Hole hole) throws SQLException {
    store(name, hole.stored());
    PendingBatch pending = samples(name, hole.sent()).filling(inPatch());
    one.fill(pending);
    assertThat(HaConnector.stored(pending)).isTrue();
    assertThat(stage.stored(name)).containsExactlyElementsOf(expected(hole));
    assertThat(samplesFilled()).isEqualTo(hole.filled().length);
  }

  @Test
  void seriesAreJudgedEachOnItsOwn() throws SQLException {
    Batches batch = Batches.unknown();
    List<Hole> all = holes().toList();
    for (int i = 0; i < all.size(); i++) {
      store(name + "_" + i, all.get(i).stored());
    }
    for (int t = 0; t <= 70; t++) { // as a request carries them: all series of one time together
      for (int i = 0; i < all.size(); i++) {
        long time = t;
        if (LongStream.of(all.get(i).sent()).anyMatch(s -> s == time)) {
          batch.sample(name + "_" + i, T0 + time * 1_000, 2);
        }
      }
    }
    PendingBatch pending = batch.filling(inPatch());
    one.fill(pending);
    assertThat(HaConnector.stored(pending)).isTrue();
    for (int i = 0; i < all.size(); i++) {
      assertThat(stage.stored(name + "_" + i))
          .as(all.get(i).situation())
          .containsExactlyElementsOf(expected(all.get(i)));
    }
  }

  private static List<String> expected(Hole hole) {
    return Stream.concat(
            LongStream.of(hole.stored()).mapToObj(s -> new long[] {s, 1}),
            LongStream.of(hole.filled()).mapToObj(s -> new long[] {s, 2}))
        .sorted(java.util.Comparator.comparingLong(s -> s[0]))
        .map(s -> s[0] * 1_000 + "=" + s[1])
        .toList();
  }

  private void store(String metric, long... seconds) {
    Batches batch = Batches.unknown();
    for (long second : seconds) {
      batch.sample(metric, T0 + second * 1_000, 1);
    }
    PendingBatch pending = batch.pending();
    one.write(0, pending);
    assertThat(HaConnector.stored(pending)).isTrue();
  }

  private static Batches samples(String metric, long... seconds) {
    Batches batch = Batches.unknown();
    for (long second : seconds) {
      batch.sample(metric, T0 + second * 1_000, 2);
    }
    return batch;
  }

  private long samplesFilled() throws SQLException {
    return Long.parseLong(
        stage
            .rows("SELECT samples_filled FROM _prom_catalog.ha_patch WHERE patch_id = " + patch)
            .get(0));
  }

  @Test
  void ofTheSameTimeTwiceTheFirstIsTaken() throws SQLException {
    PendingBatch pending =
        Batches.unknown().sample(name, T0, 2).sample(name, T0, 3).filling(inPatch());
    one.fill(pending);
    assertThat(HaConnector.stored(pending)).isTrue();
    assertThat(stage.stored(name)).containsExactly("0=2");
    assertThat(samplesFilled()).isEqualTo(1);
  }

  @Test
  void histogramsFillHolesAndExemplarsComeAlong() throws SQLException {
    PendingBatch stored =
        Batches.unknown()
            .histogram(name, T0)
            .histogram(name, T0 + 10_000)
            .histogram(name, T0 + 20_000)
            .histogram(name, T0 + 50_000)
            .exemplar(name, T0)
            .pending();
    one.write(0, stored);
    PendingBatch pending =
        Batches.unknown()
            .histogram(name, T0 + 15_000)
            .histogram(name, T0 + 30_000)
            .histogram(name, T0 + 40_000)
            .histogram(name, T0 + 50_000)
            .exemplar(name, T0)
            .exemplar(name, T0 + 15_000)
            .filling(inPatch());
    one.fill(pending);
    assertThat(HaConnector.stored(pending)).isTrue();
    assertThat(times("histogram"))
        .containsExactly("0", "10000", "20000", "30000", "40000", "50000");
    assertThat(times("exemplar")).containsExactly("0", "15000");
    assertThat(samplesFilled()).as("exemplars are not samples").isEqualTo(2);
  }

  private List<String> times(String table) throws SQLException {
    return stage.rows(
        "SELECT _prom_catalog.data_ms(h.time) - "
            + T0
            + " FROM prom_data."
            + table
            + " h JOIN _prom_catalog.series r ON r.id = h.series_id WHERE r.labels->>'__name__' = '"
            + name
            + "' ORDER BY h.time");
  }

  @Test
  void manySamplesTakeSeveralTransactions() throws SQLException {
    for (int series = 0; series < 3; series++) {
      store(name + "_" + series, 0, 1, 2, 900, 901);
    }
    stage.execute(
        """
        CREATE TABLE public.fills (tx xid8 DEFAULT pg_current_xact_id());
        CREATE FUNCTION public.note_fill() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          INSERT INTO public.fills DEFAULT VALUES;
          RETURN NULL;
        END $$;
        CREATE TRIGGER note_fill AFTER UPDATE ON _prom_catalog.ha_patch
          FOR EACH ROW EXECUTE FUNCTION public.note_fill();
        """);
    Batches batch = Batches.unknown();
    for (int second = 0; second <= 905; second++) {
      for (int series = 0; series < 5; series++) {
        batch.sample(name + "_" + series, T0 + second * 1_000L, 2);
      }
    }
    PendingBatch pending = batch.filling(inPatch());
    one.fill(pending);
    assertThat(HaConnector.stored(pending)).isTrue();
    for (int series = 0; series < 5; series++) {
      assertThat(stage.stored(name + "_" + series)).hasSize(906);
    }
    assertThat(samplesFilled()).isEqualTo(5 * 906 - 3 * 5);
    assertThat(stage.rows("SELECT count(*), count(DISTINCT tx) FROM public.fills"))
        .containsExactly("3|3");
    stage.execute("DROP TRIGGER note_fill ON _prom_catalog.ha_patch");
  }

  @Test
  void closedPatchTakesNothing() throws SQLException {
    stage.execute(
        "UPDATE _prom_catalog.ha_patch SET open_until = clock_timestamp() WHERE patch_id = "
            + patch);
    PendingBatch pending =
        samples(name, 0).histogram(name, T0).exemplar(name, T0).filling(inPatch());
    one.fill(pending);
    assertThat(HaConnector.stored(pending)).isFalse();
    assertThat(stage.stored(name)).isEmpty();
    assertThat(samplesFilled()).isZero();
  }

  @Test
  void otherFenceTakesNothing() throws SQLException {
    FillOrder old = inPatch();
    lead("C");
    PendingBatch pending = samples(name, 0).histogram(name, T0).filling(old);
    one.fill(pending);
    assertThat(HaConnector.stored(pending)).isFalse();
    PendingBatch ownTerm = samples(name, 0).filling(new FillOrder(cluster, fence, 0, false));
    one.fill(ownTerm);
    assertThat(HaConnector.stored(ownTerm)).isFalse();
    assertThat(stage.stored(name)).isEmpty();
    assertThat(times("histogram")).isEmpty();
  }

  @Test
  void twoConnectorsThatFillTheSameStoreItOnce() throws Exception {
    store(name, 0, 1, 2, 60, 61);
    List<PendingBatch> all = new ArrayList<>();
    List<Callable<Integer>> fillers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      // The same samples, and those of a second life of the replica in another phase.
      Batches batch = Batches.unknown();
      for (int second = 3; second < 60; second++) {
        batch.sample(name, T0 + second * 1_000L + 400L * (i % 3), 2);
      }
      PendingBatch pending = batch.filling(inPatch());
      all.add(pending);
      HaConnector filler = i % 2 == 0 ? one : other;
      fillers.add(
          () -> {
            filler.fill(pending);
            return 0;
          });
    }
    LeaseStoreFixture.together(fillers);
    assertThat(all).allMatch(HaConnector::stored);
    List<String> stored = stage.stored(name);
    assertThat(stored).hasSizeBetween(60, 62);
    assertThat(samplesFilled()).isEqualTo(stored.size() - 5);
    long previous = -1_000;
    for (String sample : stored) {
      long time = Long.parseLong(sample.substring(0, sample.indexOf('=')));
      assertThat(time - previous).as(sample).isBetween(500L, 1_999L);
      previous = time;
    }
  }

  @Test
  void whatTheLeaderFillsIsASignOfItsLife() throws SQLException {
    one.commit(0, cluster, name + "_now", T0 + 1_001_000, 2);
    ClusterState before = one.read(cluster);
    PendingBatch pending = samples(name, 0).filling(new FillOrder(cluster, fence, patch, true));
    one.fill(pending);
    assertThat(HaConnector.stored(pending)).isTrue();
    PendingBatch again = samples(name, 0).filling(new FillOrder(cluster, fence, patch, true));
    other.fill(again);
    assertThat(HaConnector.stored(again)).as("nothing new").isTrue();
    ClusterState after = one.read(cluster);
    assertThat(after.progress().commits()).isEqualTo(before.progress().commits() + 2);
    assertThat(after.progress().frontierMs()).isEqualTo(before.progress().frontierMs());
    assertThat(after.progress().lastMs()).isEqualTo(before.progress().lastMs());
    assertThat(one.store().takeOver(before, LeaderChange.silent("C"))).as("it lives").isFalse();
    assertThat(stage.stored(name)).containsExactly("0=2");
  }

  @Test
  void whatOthersFillIsNone() {
    ClusterState before = one.read(cluster);
    PendingBatch pending = samples(name, 0).filling(inPatch());
    one.fill(pending);
    assertThat(HaConnector.stored(pending)).isTrue();
    assertThat(one.read(cluster).progress()).isEqualTo(before.progress());
  }

  @Test
  @DisplayName("A leader that stores and fills moves its frontier by what it stores alone")
  void fillAndStoreOfOneLeader() throws SQLException {
    store(name, 0, 10, 20);
    one.fill(samples(name, 30, 40).filling(new FillOrder(cluster, fence, patch, true)));
    PendingBatch stored =
        samples(name, 1_010).pending(new LeaseClaim(cluster, fence, T0 + 1_010_000, 0));
    one.write(0, stored);
    assertThat(HaConnector.stored(stored)).isTrue();
    assertThat(one.read(cluster).progress().frontierMs()).isEqualTo(T0 + 1_010_000);
    assertThat(one.read(cluster).lease().sealMs()).isEqualTo(T0 + 1_000_000);
    assertThat(stage.stored(name)).hasSize(6);
  }

  @Test
  @DisplayName("A partition that was dropped under a running connector is made again")
  void partitionComesBack() throws SQLException {
    long day = 86_400_000L;
    PendingBatch first = Batches.unknown().sample(name, day, 2).filling(inPatch());
    one.fill(first);
    assertThat(HaConnector.stored(first)).isTrue();
    String partition = "SELECT tableoid::regclass FROM prom_data.sample WHERE time < '1970-01-03'";
    stage.execute("DROP TABLE " + stage.rows(partition).get(0));
    PendingBatch next = Batches.unknown().sample(name, day + 10_000, 2).filling(inPatch());
    one.fill(next);
    assertThat(HaConnector.stored(next)).isTrue();
    assertThat(samplesFilled()).isEqualTo(2);
  }

  @Test
  void guardsRefuseFillsToo() throws SQLException {
    HaConnector guarded =
        stage.connector(
            name,
            (connection, group) -> {
              throw new IngestFailure(FailureKind.UNAVAILABLE, "not now");
            });
    PendingBatch pending = samples(name, 0).filling(inPatch());
    guarded.fill(pending);
    assertThat(HaConnector.failure(pending.done())).get().isInstanceOf(IngestFailure.class);
    assertThat(stage.stored(name)).isEmpty();
    assertThat(samplesFilled()).isZero();
    assertThat(one.read(cluster).lease().sealMs()).isNotEqualTo(Lease.NO_TIME);
  }
}
