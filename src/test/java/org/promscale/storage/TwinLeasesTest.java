package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.promscale.ha.ClusterState;
import org.promscale.ha.FillOrder;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.LeaseClaim;
import org.promscale.ha.Sighting;
import org.promscale.ha.SteeringOrder;
import org.promscale.ha.SteeringRuling;
import org.promscale.ingest.IngestFailure;
import org.promscale.ingest.LeaseSteering;
import org.promscale.ingest.LeaseStore;

/** The contracts of leases on the twin, and how long it waits for locks. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TwinLeasesTest
    implements LeaseStoreContract, LeaseNoteContract, LeasePatchContract, LeaseSteeringContract {

  private static final int FILL_LANE = 100;
  private static final long TICK_MS = 100;

  private long nowMs = T0 + 3_600_000;
  private long setBackMs;
  private final TwinDatabase db =
      new TwinDatabase(() -> nowMs - setBackMs, () -> nowMs, new Random(1), Mutant.NONE);
  private final List<LeaseStore> stores = new ArrayList<>();
  private final List<LeaseSteering> helms = new ArrayList<>();
  private final List<TwinWriter> writers = new ArrayList<>();
  private Runnable meanwhile = () -> {};

  TwinLeasesTest() {
    for (int i = 0; i < CONNECTORS; i++) {
      String name = "connector-" + i;
      stores.add(alone(LeaseStore.class, new TwinLeases(db, line, name, () -> nowMs)));
      helms.add(alone(LeaseSteering.class, new TwinSteering(db, line, name)));
      writers.add(new TwinWriter(db, line, name));
    }
  }

  /** No way at all; while somebody waits, time passes. */
  private final TwinLine line =
      new TwinLine() {
        @Override
        public void toServer(Runnable statement) {
          statement.run();
        }

        @Override
        public void toClient(Point point, Runnable next) {
          next.run();
        }

        @Override
        public void await(BooleanSupplier done) {
          while (!done.getAsBoolean()) {
            nowMs += TICK_MS;
            meanwhile.run();
            db.keepTime();
          }
        }
      };

  /** The twin is for one thread at a time, the contract for many. */
  private <T> T alone(Class<T> type, T one) {
    return type.cast(
        Proxy.newProxyInstance(
            TwinLeasesTest.class.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              synchronized (db) {
                try {
                  return method.invoke(one, arguments);
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              }
            }));
  }

  @Override
  public LeaseStore connector(int number) {
    return stores.get(number);
  }

  @Override
  public LeaseSteering steering(int number) {
    return helms.get(number);
  }

  @Override
  public boolean commit(int connector, int lane, long clusterId, UUID fence, long newestMs) {
    PendingBatch pending =
        Batches.unknown()
            .known(NUMBERS.incrementAndGet(), newestMs, 1)
            .pending(new LeaseClaim(clusterId, fence, newestMs, 0));
    var unused = writers.get(connector).write(lane, List.of(pending));
    return HaConnector.stored(pending);
  }

  @Override
  public boolean fill(int connector, long clusterId, UUID fence, long patchId, long timestampMs) {
    PendingBatch pending =
        Batches.unknown()
            .known(NUMBERS.incrementAndGet(), timestampMs, 1)
            .filling(new FillOrder(clusterId, fence, patchId, false));
    var unused = writers.get(connector).filler(FILL_LANE).write(0, List.of(pending));
    return HaConnector.stored(pending);
  }

  @Override
  public void pass(Duration time) {
    nowMs += time.toMillis();
  }

  /** A storing transaction that has passed its fence and is not committed. */
  private TwinSession commitInFlight(long id) {
    TwinSession session = db.begin("connector-1");
    LeaseClaim claim = new LeaseClaim(id, read(id).lease().fence(), T0 + 1_000, 0);
    writers
        .get(1)
        .lanes()
        .pass(
            session,
            0,
            Map.of(id, claim),
            false,
            TwinDatabase.FOR_EVER,
            (lost, failure) -> assertThat(lost).isEmpty());
    return session;
  }

  @Test
  void takeoverWaitsForACommitInFlightAndSeesIt() {
    long id = cluster();
    commitNow(1, 0, id, T0);
    ClusterState seen = read(id);
    TwinSession session = commitInFlight(id);
    long since = nowMs;
    meanwhile = at(since + 1_500, () -> db.commit(session));
    assertThat(connector(0).takeOver(seen, LeaderChange.silent("B")))
        .as("the leader is alive")
        .isFalse();
    assertThat(nowMs - since).isEqualTo(1_500);
  }

  @Test
  void takeoverGoesOnWhenATransactionInFlightFails() {
    long id = cluster();
    commitNow(1, 0, id, T0);
    ClusterState seen = read(id);
    TwinSession session = commitInFlight(id);
    meanwhile = at(nowMs + 1_500, () -> db.end(session, false));
    assertThat(connector(0).takeOver(seen, LeaderChange.silent("B"))).isTrue();
    assertThat(read(id).lease().startMs()).isEqualTo(T0);
  }

  @Test
  void handOverWaitsForACommitInFlightAndCountsIt() {
    long id = cluster();
    commitNow(1, 0, id, T0);
    ClusterState seen = read(id).withSightings(List.of(new Sighting("B", nowMs, T0)));
    TwinSession session = commitInFlight(id);
    long since = nowMs;
    meanwhile = at(since + 1_500, () -> db.commit(session));
    SteeringOrder order =
        new SteeringOrder(SteeringOrder.Action.HAND_OVER, "B", false, null, null, null, "o", "r");
    assertThat(steering(0).steer(seen, order, 45_000).outcome())
        .as("the leader may be alive")
        .isEqualTo(SteeringRuling.Outcome.DONE);
    assertThat(nowMs - since).isEqualTo(1_500);
    assertThat(read(id).lease().startMs()).isEqualTo(T0 + 1_000);
  }

  @Test
  void takeoverGivesUpAfterTwoSeconds() {
    long id = cluster();
    commitNow(1, 0, id, T0);
    ClusterState seen = read(id);
    TwinSession session = commitInFlight(id);
    meanwhile = () -> {};
    long since = nowMs;
    assertThatExceptionOfType(IngestFailure.class)
        .isThrownBy(() -> connector(0).takeOver(seen, LeaderChange.silent("B")));
    assertThat(nowMs - since).isEqualTo(2_000);
    db.end(session, false);
    assertThat(connector(0).takeOver(seen, LeaderChange.silent("B")))
        .as("its locks are gone")
        .isTrue();
  }

  @Test
  void aTransactionThatIdlesIsEndedThoughTheClockWasSetBack() {
    long id = cluster();
    commitNow(1, 0, id, T0);
    ClusterState seen = read(id);
    var unused = commitInFlight(id);
    setBackMs = 900_000;
    assertThat(connector(0).endFrozenSessions()).isZero();
    pass(Duration.ofMillis(9_999));
    db.keepTime();
    assertThat(connector(0).endFrozenSessions()).isZero();
    pass(Duration.ofMillis(1));
    assertThat(connector(2).endFrozenSessions()).as("it has just begun to look").isZero();
    assertThat(connector(0).endFrozenSessions()).isEqualTo(1);
    assertThat(connector(0).takeOver(seen, LeaderChange.silent("B"))).isTrue();
  }

  private Runnable at(long ms, Runnable action) {
    return () -> {
      if (nowMs == ms) {
        action.run();
      }
    };
  }
}
