package org.promscale.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Terms, patches and authors are read from SQL as they stand there. */
class HaEvidenceIT {

  private static final String SCHEMA =
      """
      CREATE SCHEMA prom_data; CREATE SCHEMA _prom_catalog; CREATE SCHEMA prom_info;
      CREATE TABLE prom_data.sample(time timestamptz, series_id bigint, value float8);
      CREATE TABLE _prom_catalog.series(id bigint, tenant_id int, labels jsonb);
      CREATE TABLE prom_info.ha_terms(tenant_id int, cluster text, term bigint, leader text,
        starts timestamptz, ends timestamptz, cause text, decided_at timestamptz);
      CREATE TABLE prom_info.ha_patches(tenant_id int, cluster text, replica text,
        starts timestamptz, ends timestamptz, opened_at timestamptz);
      INSERT INTO _prom_catalog.series VALUES
        (1, 0, '{"__name__":"m","cluster":"c"}'), (2, 0, '{"__name__":"m","cluster":"d"}');
      INSERT INTO prom_info.ha_terms VALUES
        (0, 'c', 2, 'b', '2026-01-01T00:00:02.000001Z', NULL, 'silent', '2026-01-01T00:00:09Z'),
        (0, 'c', 1, 'a', '-infinity', '2026-01-01T00:00:02Z', 'first', NULL),
        (0, 'd', 1, 'x', '-infinity', NULL, 'first', NULL), (7, 'c', 1, 'x', NULL, NULL, 'first', NULL);
      INSERT INTO prom_info.ha_patches VALUES
        (0, 'c', 'b', NULL, '2026-01-01T00:00:02.000500Z', now());
      """;

  @Test
  void whatSqlHoldsIsJudged() throws Exception {
    try (PostgresServer postgres = PostgresServer.start(Map.of())) {
      String database = postgres.createDatabase();
      postgres.execute(database, SCHEMA);
      HaReplica a = replica("a", 1);
      HaReplica b = replica("b", 2);
      store(postgres, database, 1, "0", 1);
      store(postgres, database, 1, "1.4", 2);
      store(postgres, database, 1, "2.4", 2);
      store(postgres, database, 2, "0.5", 3);

      HaEvidence evidence = HaEvidence.of(postgres.dataSource(database), "c", 1_000, List.of(a, b));

      HaHistory history = evidence.history();
      assertThat(history.problems()).isEmpty();
      assertThat(history.terms()).extracting(HaHistory.Term::leader).containsExactly("a", "b");
      assertThat(history.terms().get(0).startsMicros()).isEqualTo(Long.MIN_VALUE);
      assertThat(history.terms().get(0).endsMicros()).isEqualTo(1_767_225_602_000_000L);
      assertThat(history.terms().get(1).startsMicros()).isEqualTo(1_767_225_602_000_001L);
      assertThat(history.terms())
          .extracting(HaHistory.Term::decidedMicros)
          .containsExactly(Long.MIN_VALUE, 1_767_225_609_000_000L);
      assertThat(history.termAt(1_767_225_602_000L).number()).isEqualTo(1);
      assertThat(history.termAt(1_767_225_602_001L).number()).isEqualTo(2);
      assertThat(history.patches())
          .containsExactly(new HaHistory.Patch("b", Long.MIN_VALUE, 1_767_225_602_000_500L));
      assertThat(evidence.stored().values())
          .singleElement()
          .asString()
          .isEqualTo("[a@1767225600000, b@1767225601400, b@1767225602400]");
      evidence.assertInvariants();

      store(postgres, database, 1, "0.7", 9);
      assertThatThrownBy(
              HaEvidence.of(postgres.dataSource(database), "c", 1_000, List.of(a, b))
                  ::assertInvariants)
          .hasMessageContaining("I1: 1 of stranger 9 in term 1 of a");
    }
  }

  private static HaReplica replica(String name, int author) {
    return new HaReplica(
        SyntheticPlan.ofReplica("c", name, author, 0), () -> URI.create("http://127.0.0.1:1/"));
  }

  private static void store(
      PostgresServer postgres, String database, int series, String second, int author) {
    postgres.execute(
        database,
        "INSERT INTO prom_data.sample SELECT timestamptz '2026-01-01T00:00:00Z' + interval '"
            + second
            + " s', "
            + series
            + ", "
            + (long) SyntheticPlan.firstValueOf(author));
  }
}
