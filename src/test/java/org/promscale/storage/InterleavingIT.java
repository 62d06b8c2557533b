package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The twin does what PostgreSQL does, whoever comes between whose statements. */
class InterleavingIT {

  private static HaStage stage;
  private static PgStage postgres;

  @BeforeAll
  static void start() throws SQLException {
    stage = new HaStage(true);
    Partitions partitions = Partitions.load(stage.database());
    partitions.ensure(Set.of(partitions.slotOf(TwinStage.STORED_MS)));
    postgres = new PgStage(stage.database(), stage.threads());
  }

  @AfterAll
  static void stop() throws SQLException {
    if (postgres != null) {
      postgres.close();
    }
    if (stage != null) {
      stage.close();
    }
  }

  static Stream<Arguments> pairs() {
    return InterleavingStage.ACTORS.keySet().stream()
        .flatMap(
            a ->
                InterleavingStage.ACTORS.keySet().stream()
                    .filter(b -> a.compareTo(b) < 0)
                    .map(b -> Arguments.of(a, b)))
        .sorted((x, y) -> (x.get()[0] + "/" + x.get()[1]).compareTo(y.get()[0] + "/" + y.get()[1]));
  }

  @ParameterizedTest(name = "{0} and {1}")
  @MethodSource("pairs")
  @DisplayName("Every interleaving ends in the same way on both")
  void same(String first, String second) {
    Map<String, String> twin = Interleavings.play(new TwinStage(), first, second);
    assertThat(Interleavings.play(postgres, first, second)).isEqualTo(twin);
  }
}
