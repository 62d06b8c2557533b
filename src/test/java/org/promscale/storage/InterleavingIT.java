package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.Set;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The twin does what PostgreSQL does, whoever comes between whose statements. */
class InterleavingIT {

  private static DatabaseServer server;
  private static PgStage postgres;

  @BeforeAll
  static void start() throws SQLException {
    server = DatabaseServer.plain();
    DataSource database = server.createDatabase();
    new SchemaMigrator(database).migrate();
    Partitions partitions = Partitions.load(database);
    partitions.ensure(Set.of(partitions.slotOf(TwinStage.STORED_MS)));
    postgres = new PgStage(database);
  }

  @AfterAll
  static void stop() throws SQLException {
    postgres.close();
    server.close();
  }

  static Stream<Arguments> pairs() {
    return InterleavingStage.ACTORS.stream()
        .flatMap(
            a ->
                InterleavingStage.ACTORS.stream()
                    .filter(b -> a.compareTo(b) < 0)
                    .map(b -> Arguments.of(a, b)));
  }

  @ParameterizedTest(name = "{0} and {1}")
  @MethodSource("pairs")
  @DisplayName("Every interleaving ends in the same way on both")
  void same(String first, String second) throws SQLException {
    assertThat(Interleavings.play(new TwinStage(), first, second))
        .isEqualTo(Interleavings.play(postgres, first, second));
  }
}
