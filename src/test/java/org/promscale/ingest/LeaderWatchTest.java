package org.promscale.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.reflect.Proxy;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.LeasePolicy;

/** What a connector does once a second, if something stands in its way. */
class LeaderWatchTest extends RouterFixture {

  @Test
  @DisplayName("Frozen sessions are ended though looking fails: they may be why")
  void endsFrozenSessionsAnyway() {
    AtomicInteger asked = new AtomicInteger();
    LeaseStore blocked =
        (LeaseStore)
            Proxy.newProxyInstance(
                LeaseStore.class.getClassLoader(),
                new Class<?>[] {LeaseStore.class},
                (self, method, arguments) -> {
                  if (method.getName().equals("endFrozenSessions")) {
                    return asked.incrementAndGet();
                  }
                  throw new IngestFailure(FailureKind.UNAVAILABLE, "it waits for a lock");
                });
    LeaderWatch watch = watch(blocked);
    for (int second = 0; second < 9; second++) {
      assertThatExceptionOfType(IngestFailure.class)
          .isThrownBy(watch::look)
          .withMessage("it waits for a lock");
    }
    assertThat(asked).as("every third time").hasValue(3);
  }

  private LeaderWatch watch(LeaseStore store) {
    InstantSource clock = InstantSource.fixed(Instant.EPOCH);
    ClusterLeaders leaders =
        new ClusterLeaders(store, Runnable::run, clock, () -> 0, () -> 0, HaListener.NONE, 10);
    ReplicaBatch batch = new ReplicaBatch();
    HoldKeeper keeper =
        new HoldKeeper(
            hold,
            new NoShelf(),
            new HeldBodies((tenant, body) -> batch.build(), validator()),
            (requests, from, settled) -> new boolean[requests.size()],
            store,
            router(batch),
            Runnable::run,
            clock,
            () -> 0,
            HaListener.NONE);
    return new LeaderWatch(store, leaders, new LeasePolicy(15_000), 600_000, () -> 0, keeper);
  }
}
