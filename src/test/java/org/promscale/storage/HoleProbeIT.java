package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.Lease;
import org.promscale.ha.Probes;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.WriteBatch;

/** Comparing held samples with real rows: of a series with a sample every ten seconds. */
class HoleProbeIT {

  private static final long T0 = HaStage.T0;
  private static final long STALE = 0x7ff0000000000002L;
  private static final long NAN = 0x7ff8000000000001L;
  private static final AtomicInteger NUMBERS = new AtomicInteger();

  private static HaStage stage;
  private static HaConnector connector;
  private static PgHoleProber prober;

  private static final int[] STEADY = {-40, -30, -20, -10, 0, 10, 20, 30, 40, 50};

  private String name = "";
  private long cluster = 1;

  @BeforeAll
  static void start() throws SQLException {
    stage = new HaStage();
    connector = stage.connector("one");
    prober = new PgHoleProber(stage.database());
  }

  @AfterAll
  static void stop() {
    stage.close();
  }

  @BeforeEach
  void another() {
    cluster = 1;
    name = "probe_" + NUMBERS.incrementAndGet();
  }

  private void store(Batches batch) {
    PendingBatch pending = batch.pending();
    connector.write(0, pending);
    assertThat(HaConnector.stored(pending)).isTrue();
  }

  /** Stores samples of these seconds. */
  private void store(int... seconds) {
    Batches batch = Batches.unknown();
    for (int second : seconds) {
      batch.sample(name, T0 + second * 1_000L, 1);
    }
    store(batch);
  }

  private long seriesId() throws SQLException {
    return Long.parseLong(
        stage
            .rows("SELECT id FROM _prom_catalog.series WHERE labels->>'__name__' = '" + name + "'")
            .get(0));
  }

  private HeldRequest held(boolean histograms, long... offsetsMs) throws SQLException {
    long[] ids = new long[offsetsMs.length];
    long[] times = new long[offsetsMs.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = seriesId();
      times[i] = T0 + offsetsMs[i];
    }
    return new HeldRequest(
        cluster,
        0,
        new ReplicaIdentity("c", "B"),
        new byte[1],
        times[0],
        times[times.length - 1],
        new HeldRequest.Arrival(T0, T0),
        times.length,
        new Probes(ids, times, histograms));
  }

  private boolean isHole(long offsetMs, long runningFromMs) throws SQLException {
    return prober.holed(List.of(held(false, offsetMs)), runningFromMs, Long.MAX_VALUE)[0];
  }

  @Test
  @DisplayName("In a running term the leader may still be about to scrape")
  void runningTerm() throws SQLException {
    store(STEADY);
    assertThat(isHole(55_000, Lease.NO_TIME)).isFalse();
    assertThat(isHole(59_499, Lease.NO_TIME)).isFalse();
    assertThat(isHole(59_500, Lease.NO_TIME)).isTrue();
    assertThat(isHole(59_500, T0 + 59_499)).as("its first instant").isTrue();
  }

  @Test
  @DisplayName("In a term that is over nobody is")
  void closedTerm() throws SQLException {
    store(STEADY);
    assertThat(isHole(54_999, T0 + 60_000)).isFalse();
    assertThat(isHole(55_000, T0 + 60_000)).isTrue();
    assertThat(isHole(55_000, T0 + 55_000)).as("the boundary belongs to the old term").isTrue();
  }

  @Test
  @DisplayName("Between two stored samples more than one and a half distances are a hole")
  void betweenTwo() throws SQLException {
    store(STEADY);
    store(65, 81);
    assertThat(isHole(57_000, Lease.NO_TIME)).isFalse();
    assertThat(isHole(73_000, Lease.NO_TIME)).isTrue();
    assertThat(isHole(67_000, Lease.NO_TIME)).as("too close").isFalse();
    assertThat(isHole(65_000, Lease.NO_TIME)).as("stored").isFalse();
  }

  @Test
  @DisplayName("Too few stored samples tell nothing")
  void youngSeries() throws SQLException {
    store(-20, -10, 0, 10, 20, 30, 40, 50);
    assertThat(isHole(80_000, Lease.NO_TIME)).isFalse();
    store(60);
    assertThat(isHole(80_000, Lease.NO_TIME)).isTrue();
  }

  @Test
  @DisplayName("Of a young series with several authors the distances of one tell")
  void authors() throws SQLException {
    cluster = connector.elect(name, "A");
    store(2, 9, 17, 23, 32, 38, 47, 62, 77);
    assertThat(isHole(85_000, T0 + 40_000)).isTrue();
    stage.execute(
        "INSERT INTO _prom_catalog.ha_term (cluster_id, term, leader, starts, cause) VALUES ("
            + cluster
            + ", 2, 'B', _prom_catalog.data_time("
            + (T0 + 40_000)
            + "), 'silent')");
    assertThat(isHole(85_000, T0 + 40_000)).as("one boundary").isTrue();
    for (int second : new int[] {10, 20, 30}) {
      stage.execute(
          "INSERT INTO _prom_catalog.ha_term (cluster_id, term, leader, starts, cause) VALUES ("
              + cluster
              + ", "
              + (100 + second)
              + ", 'B', _prom_catalog.data_time("
              + (T0 + second * 1_000L)
              + "), 'silent')");
    }
    assertThat(isHole(85_000, T0 + 40_000)).as("four").isFalse();
  }

  @Test
  @DisplayName("After a stale marker of the running term there is no hole")
  void staleMarker() throws SQLException {
    store(STEADY);
    store(Batches.unknown().bits(name, T0 + 60_000, STALE));
    assertThat(isHole(75_000, Lease.NO_TIME)).isFalse();
    assertThat(isHole(75_000, T0 + 59_999)).isFalse();
    assertThat(isHole(75_000, T0 + 60_000)).as("of the term before").isTrue();
    store(80);
    assertThat(isHole(95_000, Lease.NO_TIME)).as("the series goes on").isTrue();
  }

  @Test
  @DisplayName("Another NaN is a value")
  void ordinaryNan() throws SQLException {
    store(STEADY);
    store(Batches.unknown().bits(name, T0 + 60_000, NAN));
    assertThat(isHole(75_000, Lease.NO_TIME)).isTrue();
  }

  @Test
  @DisplayName("Each request is answered for itself, histograms beside samples")
  void manyRequests() throws SQLException {
    store(STEADY);
    HeldRequest clean = held(false, 3_000, 13_000, 23_000);
    HeldRequest holed = held(false, 3_000, 13_000, 63_000);
    name = name + "_histogram";
    Batches batch = Batches.unknown();
    for (int second = -40; second <= 50; second += 10) {
      batch.histogram(name, T0 + second * 1_000L);
    }
    store(batch);
    HeldRequest cleanToo = held(true, 3_000, 53_000);
    HeldRequest holedToo = held(true, 3_000, 63_000);
    HeldRequest unknown =
        new HeldRequest(
            1,
            0,
            new ReplicaIdentity("c", "B"),
            new byte[1],
            T0,
            T0,
            new HeldRequest.Arrival(T0, T0),
            1,
            Probes.NONE);
    assertThat(
            prober.holed(
                List.of(clean, holedToo, unknown, holed, cleanToo), Lease.NO_TIME, Long.MAX_VALUE))
        .containsExactly(false, true, false, true, false);
    assertThat(prober.holed(List.of(), Lease.NO_TIME, Long.MAX_VALUE)).isEmpty();
  }

  @Test
  @DisplayName("Ids are found of what is stored, of one sender")
  void findsIds() throws SQLException {
    store(0);
    WriteBatch batch =
        Batches.unknown()
            .from("c", "B")
            .sample(name, T0, 2)
            .sample(name + "_never_stored", T0, 2)
            .from("other", "B")
            .sample(name, T0 + 1, 2)
            .build();
    prober.find(batch, 0, 1);
    assertThat(batch.series().id(0)).isEqualTo(seriesId());
    assertThat(batch.series().id(1)).isZero();
    assertThat(batch.series().id(2)).isZero();
  }
}
