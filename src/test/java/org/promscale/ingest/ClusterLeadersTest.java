package org.promscale.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.promscale.ha.Standing;
import org.promscale.model.ReplicaIdentity;
import org.promscale.storage.Mutant;
import org.promscale.storage.TwinDatabase;
import org.promscale.storage.TwinLeases;
import org.promscale.storage.TwinLine;

/** What a connector knows of a request's sender. */
class ClusterLeadersTest {

  private static final long NOW_MS = 1_700_000_000_000L;

  /** A database next door: statements and answers take no time. */
  private static final class NextDoor implements TwinLine {
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
      assertThat(done.getAsBoolean()).isTrue();
    }
  }

  @ParameterizedTest(name = "database {0} s, connector {1} s off")
  @CsvSource({"0, 0, 0", "-900, 0, 0", "900, 0, 900", "0, -900, 0", "0, 900, 900"})
  @DisplayName("A request arrives by the clock that is ahead, whichever was set back")
  void arrives(long databaseSeconds, long ownSeconds, long arrivedSeconds) {
    long databaseMs = NOW_MS + databaseSeconds * 1_000;
    long ownMs = NOW_MS + ownSeconds * 1_000;
    TwinDatabase database =
        new TwinDatabase(() -> databaseMs, () -> NOW_MS, new Random(1), Mutant.NONE);
    ClusterLeaders leaders =
        new ClusterLeaders(
            new TwinLeases(database, new NextDoor(), "one", () -> ownMs),
            Runnable::run,
            InstantSource.fixed(Instant.ofEpochMilli(ownMs)),
            () -> 0,
            () -> databaseMs - ownMs,
            HaListener.NONE,
            10);
    List<@Nullable Standing> standings =
        leaders.standings(0, List.of(new ReplicaIdentity("c", "A"))).toCompletableFuture().join();
    assertThat(standings)
        .singleElement()
        .satisfies(
            standing ->
                assertThat(standing)
                    .isNotNull()
                    .extracting(Standing::arrivedMs)
                    .isEqualTo(NOW_MS + arrivedSeconds * 1_000));
  }
}
