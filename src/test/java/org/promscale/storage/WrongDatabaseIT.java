package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.postgresql.ds.PGSimpleDataSource;
import org.promscale.health.ConnectorHealth;
import org.promscale.testbed.PostgresServer;

/** Databases and data sources that do not fit: what the operator is told, and how often. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WrongDatabaseIT {

  private static final String READ_ONLY = "Transactions are read-only: switch readOnly off";

  private final PostgresServer server = PostgresServer.start(Map.of());
  private String name = "";

  @BeforeEach
  void prepare() {
    name = server.createDatabase();
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @Test
  void userWithoutRightsOnTheSchemaIsTold() throws SQLException {
    new SchemaMigrator(server.dataSource(name)).migrate();
    server.execute(name, "CREATE ROLE nobody_here LOGIN");
    String told =
        "The database user nobody_here may not store: it lacks rights on"
            + " _prom_catalog.ha_progress, prom_data.sample, _prom_catalog.schema_history,"
            + " _prom_catalog.series. Run GRANT prom_writer TO nobody_here as a superuser, or let"
            + " Promscale connect as their owner, postgres.";
    SchemaMigrator migrator = new SchemaMigrator(as("nobody_here"));
    assertThatThrownBy(migrator::migrate).isInstanceOf(SchemaException.class).hasMessage(told);
    server.execute(name, "GRANT prom_reader TO nobody_here");
    assertThatThrownBy(migrator::migrate)
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("_prom_catalog.ha_progress, prom_data.sample, _prom_catalog.series.");
    server.execute(name, "GRANT prom_writer TO nobody_here");
    migrator.migrate();
  }

  @Test
  void readOnlyTransactionsAreNamed() {
    server.execute(name, "CREATE ROLE reads_only LOGIN SUPERUSER");
    server.execute(name, "ALTER ROLE reads_only SET default_transaction_read_only = on");
    assertThatThrownBy(() -> new SchemaMigrator(as("reads_only")).migrate())
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining(READ_ONLY);
    PGSimpleDataSource source = server.dataSource(name);
    source.setReadOnly(true);
    assertThatThrownBy(() -> new SchemaMigrator(source).migrate())
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining(READ_ONLY);
  }

  @Test
  void otherIsolationLevelsAreNamed() throws SQLException {
    server.execute(name, "CREATE ROLE careful LOGIN");
    server.execute(name, "ALTER ROLE careful SET default_transaction_isolation = 'serializable'");
    try (Connection connection = as("careful").getConnection()) {
      assertThatThrownBy(() -> ServerCheck.requireReadCommitted(connection))
          .isInstanceOf(SchemaException.class)
          .hasMessage(
              "Transactions run at isolation level 'serializable', high availability needs 'read"
                  + " committed': set it on the data source, or ALTER ROLE … SET"
                  + " default_transaction_isolation = 'read committed'.");
    }
  }

  @Test
  void driverWithoutCopyIsNamed() throws SQLException {
    try (Connection connection = foreign("PostgreSQL").getConnection()) {
      String told =
          "The data source's driver, Elephant 1.0, has no COPY that Promscale knows: give the data"
              + " source PostgreSQL's own driver, org.postgresql:postgresql 42.7 or newer.";
      assertThatThrownBy(() -> PgDriver.requireCopy(connection))
          .isInstanceOf(SchemaException.class)
          .hasMessage(told);
      assertThatThrownBy(() -> PgDriver.copyIn(connection, "COPY x FROM STDIN"))
          .isInstanceOf(SQLException.class)
          .hasMessage(told);
    }
    try (Connection connection = server.connect(name)) {
      PgDriver.requireCopy(connection);
    }
  }

  @Test
  void theProbeTellsEachTroubleOnceAndWhenItIsOver() {
    List<String> lines = new ArrayList<>();
    Logger logger = Logger.getLogger(DatabaseProbe.class.getName());
    Handler handler = keeping(lines);
    logger.addHandler(handler);
    try {
      PGSimpleDataSource changing = server.dataSource(name);
      ConnectorHealth health = new ConnectorHealth(InstantSource.system());
      health.schemaCurrent();
      DatabaseProbe probe =
          new DatabaseProbe(changing, InstantSource.system(), System::nanoTime, health);
      probe.run();
      assertThat(health.trouble()).isEmpty();
      changing.setReadOnly(true);
      probe.run();
      probe.run();
      assertThat(health.isDatabaseUp()).isFalse();
      assertThat(health.trouble().orElse(""))
          .startsWith("the database takes no writes: " + READ_ONLY);
      changing.setReadOnly(false);
      probe.run();
      assertThat(health.trouble()).isEmpty();
      assertThat(lines).hasSize(2);
      assertThat(lines.get(0))
          .startsWith("the database takes no writes; senders get 503 and keep their data: ");
      assertThat(lines.get(1)).isEqualTo("the database answers again");
    } finally {
      logger.removeHandler(handler);
    }
  }

  @Test
  void anotherProductIsNamed() {
    ConnectorHealth health = new ConnectorHealth(InstantSource.system());
    new DatabaseProbe(foreign("H2"), InstantSource.system(), System::nanoTime, health).run();
    assertThat(health.trouble())
        .contains(
            "the database takes no writes: The data source jdbc/promscale leads to H2, Promscale"
                + " needs PostgreSQL: correct the data source, or what the application's reference"
                + " is mapped to.");
  }

  private DataSource as(String user) {
    PGSimpleDataSource source = server.dataSource(name);
    source.setUser(user);
    return source;
  }

  /** Returns our database behind a driver that is not PostgreSQL's. */
  private DataSource foreign(String product) {
    DatabaseMetaData facts =
        fake(
            DatabaseMetaData.class,
            Map.of(
                "getDatabaseProductName",
                product,
                "getDriverName",
                "Elephant",
                "getDriverVersion",
                "1.0"),
            server);
    PGSimpleDataSource real = server.dataSource(name);
    return (DataSource)
        Proxy.newProxyInstance(
            DataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) ->
                fake(
                    Connection.class,
                    Map.of("getMetaData", facts, "isWrapperFor", false),
                    real.getConnection()));
  }

  private static <T> T fake(Class<T> type, Map<String, Object> answers, Object real) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              Object answer = answers.get(method.getName());
              if (answer != null) {
                return answer;
              }
              try {
                return method.invoke(real, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause() == null ? e : e.getCause();
              }
            }));
  }

  private static Handler keeping(List<String> lines) {
    return new Handler() {
      @Override
      public void publish(LogRecord line) {
        lines.add(line.getMessage());
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
  }
}
