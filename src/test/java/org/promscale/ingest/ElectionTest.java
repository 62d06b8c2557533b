package org.promscale.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.ClusterState;
import org.promscale.ha.Standing;
import org.promscale.model.ReplicaIdentity;

/** The first request of a cluster, and all clusters being read meanwhile. */
class ElectionTest {

  private static final ReplicaIdentity SENDER = new ReplicaIdentity("c1", "a");
  private static final ClusterState STATE = RouterFixture.state(1, "c1", "a");

  private Optional<Long> outcome = Optional.of(1L);
  private Runnable whileElecting = () -> {};
  private Runnable onceKnown = () -> {};

  private final ClusterLeaders leaders =
      new ClusterLeaders(
          (LeaseStore)
              Proxy.newProxyInstance(
                  ElectionTest.class.getClassLoader(),
                  new Class<?>[] {LeaseStore.class},
                  (proxy, method, arguments) ->
                      switch (method.getName()) {
                        case "elect" -> elected();
                        case "read" -> List.of(STATE);
                        default -> throw new UnsupportedOperationException(method.getName());
                      }),
          Runnable::run,
          InstantSource.system(),
          () -> 0,
          () -> 0,
          new HaListener() {
            @Override
            public void clusterKnown(ClusterState state) {
              onceKnown.run();
            }
          },
          10);

  private Optional<Long> elected() {
    whileElecting.run();
    return outcome;
  }

  private List<@Nullable Standing> standings() {
    return leaders.standings(0, List.of(SENDER)).toCompletableFuture().join();
  }

  @Test
  @DisplayName("A reading that began before the election and ends after it forgets nothing")
  void olderReading() {
    long[] ticket = new long[1];
    whileElecting = () -> ticket[0] = leaders.drawTicket();
    onceKnown = () -> leaders.adoptAll(List.of(), ticket[0], 0);

    assertThat(standings()).doesNotContainNull();
  }

  @Test
  @DisplayName("A cluster that the database loses at once is no cluster beyond the limit")
  void lostAtOnce() {
    onceKnown = () -> leaders.adoptAll(List.of(), leaders.drawTicket(), 0);

    assertThatThrownBy(this::standings)
        .cause()
        .isInstanceOfSatisfying(
            IngestFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.UNAVAILABLE));
  }

  @Test
  @DisplayName("Beyond the limit a sender has no standing")
  void beyondTheLimit() {
    outcome = Optional.empty();

    assertThat(standings()).containsOnlyNulls();
  }
}
