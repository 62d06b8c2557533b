package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.DataSource;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Migrations, whatever stores the samples. */
interface SchemaContract extends StorageFixture {

  /** Returns what the recorded decision must be. */
  String engine();

  @Test
  default void manyMigratorsAtOnceAllComeUp() throws Exception {
    DataSource database = emptyDatabase();
    assertThat(new SchemaMigrator(database).isCurrent()).isFalse();
    ExecutorService executor = Executors.newFixedThreadPool(3);
    try {
      List<Callable<Boolean>> migrators = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        migrators.add(
            () -> {
              SchemaMigrator migrator = new SchemaMigrator(database);
              migrator.migrate();
              return migrator.isCurrent();
            });
      }
      for (Future<Boolean> current : executor.invokeAll(migrators)) {
        assertThat(current.get()).isTrue();
      }
    } finally {
      executor.shutdownNow();
    }
    assertThat(rows(database, "SELECT value FROM _prom_catalog.setting WHERE name = 'engine'"))
        .containsExactly(engine());
  }

  @Test
  default void newerSchemaIsRefusedAtStartOnly() throws SQLException {
    DataSource database = freshDatabase();
    execute(
        database,
        "INSERT INTO _prom_catalog.schema_history VALUES (99, '99', 'later', 'SQL', 'V99.sql', 1,"
            + " 'x', now(), 1, true)");
    SchemaMigrator migrator = new SchemaMigrator(database);
    assertThatThrownBy(migrator::migrate)
        .isInstanceOf(SchemaException.class)
        .hasMessage(
            "The database has schema version 99, this Promscale knows versions up to "
                + SchemaMigrator.KNOWN_VERSION
                + ": start a version of Promscale at least as new as the one that migrated it.");
    assertThat(migrator.isCurrent()).isTrue();
  }

  @Test
  default void everyObjectHasAComment() throws SQLException {
    assertThat(
            rows(
                database(),
                "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid ="
                    + " c.relnamespace WHERE n.nspname ~ '^_?prom_(catalog|data|info)$' AND"
                    + " c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND c.relname <>"
                    + " 'schema_history' AND obj_description(c.oid, 'pg_class') IS NULL UNION ALL"
                    + " SELECT n.nspname, p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid ="
                    + " p.pronamespace WHERE n.nspname IN ('_prom_catalog', 'prom_api') AND"
                    + " obj_description(p.oid, 'pg_proc') IS NULL"))
        .isEmpty();
  }

  @Test
  @DisplayName("TimescaleDB is asked by its views and functions: its own tables change")
  default void noFunctionReadsTablesOfTheExtension() throws SQLException {
    assertThat(
            rows(
                database(),
                "SELECT proname FROM pg_proc WHERE prosrc LIKE '%_timescaledb_catalog%' AND"
                    + " pronamespace IN ('_prom_catalog'::regnamespace, 'prom_api'::regnamespace)"))
        .isEmpty();
  }
}
