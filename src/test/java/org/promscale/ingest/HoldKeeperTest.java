package org.promscale.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.Lease;
import org.promscale.ha.Progress;
import org.promscale.model.ReplicaIdentity;

/** What becomes of requests that another connector has left. */
class HoldKeeperTest extends RouterFixture {

  private static final long NOW = 1_000_000;

  private static final LeaseStore NOTHING =
      (LeaseStore)
          Proxy.newProxyInstance(
              HoldKeeperTest.class.getClassLoader(),
              new Class<?>[] {LeaseStore.class},
              (proxy, method, arguments) -> {
                throw new AssertionError(method);
              });

  /** One request of b lies there. */
  private static final class Shelf extends NoShelf {
    private final long heldAtMs;

    Shelf(long heldAtMs) {
      this.heldAtMs = heldAtMs;
    }

    @Override
    public List<Shelved> take(boolean leadersOnly, long maxBytes) {
      return leadersOnly
          ? List.of()
          : List.of(new Shelved(5, 1, 0, new ReplicaIdentity("c1", "b"), BODY, heldAtMs));
    }

    @Override
    public long measure() {
      return 1;
    }
  }

  private HoldKeeper keeper(HeldShelf shelf, ReplicaBatch batch, LongSupplier nanoClock) {
    return new HoldKeeper(
        hold,
        shelf,
        new HeldBodies((tenant, body) -> batch.build(), validator()),
        (requests, from, settled) -> new boolean[requests.size()],
        NOTHING,
        router(batch),
        Runnable::run,
        (InstantSource) () -> Instant.ofEpochMilli(NOW),
        nanoClock,
        HaListener.NONE);
  }

  private HeldRequest adopted(long heldAtMs, double... times) {
    ReplicaBatch batch = new ReplicaBatch().samples("c1", "b", times);
    HoldKeeper keeper = keeper(new Shelf(heldAtMs), batch, () -> 0);
    Progress none = new Progress(Lease.NO_TIME, Lease.NO_TIME, 0, 0, Lease.NO_TIME);
    keeper.keep(List.of(state(1, "c1", "a").withProgress(none)), state -> 0);
    return hold.of(1).get(0);
  }

  @Test
  @DisplayName("What was left while the database's clock was behind is due no earlier for that")
  void clockThatWasSetBack() {
    assertThat(adopted(NOW - 900_000, 990, 999).dueMs()).isEqualTo(999_000);
  }

  @Test
  @DisplayName("What is stamped ahead is due as if it were of now")
  void stampedAhead() {
    assertThat(adopted(NOW - 2_000, 990, 1_300).dueMs()).isEqualTo(NOW + 5_000);
    assertThat(hold.of(1).get(0).shelfId()).isEqualTo(5);
  }

  /** Out of reach for the first so many times. */
  private static final class FarShelf extends NoShelf {
    private int failures;
    private int tries;

    FarShelf(int failures) {
      this.failures = failures;
    }

    @Override
    public int put(Collection<HeldRequest> requests) {
      tries++;
      if (failures-- > 0) {
        throw new IngestFailure(FailureKind.UNAVAILABLE, "the database is not available");
      }
      return requests.size();
    }
  }

  /** Leaves one request; each look at the clock takes a second. */
  private int leave(FarShelf shelf, long patienceMs) {
    adopted(NOW - 900_000, 990, 999);
    AtomicLong second = new AtomicLong();
    LongSupplier seconds = () -> second.getAndIncrement() * 1_000_000_000;
    return keeper(shelf, new ReplicaBatch(), seconds).leave(patienceMs);
  }

  @Test
  @DisplayName("A connector that stops while the database is away waits for it a little")
  void leavesLater() {
    FarShelf back = new FarShelf(2);
    assertThat(leave(back, 4_000)).as("given up").isZero();
    assertThat(back.tries).isEqualTo(3);
  }

  @Test
  @DisplayName("It does not wait for ever")
  void givesUp() {
    FarShelf away = new FarShelf(Integer.MAX_VALUE);
    assertThat(leave(away, 4_000)).as("given up").isOne();
    assertThat(away.tries).isEqualTo(4);
  }
}
