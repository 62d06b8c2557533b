package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;
import org.promscale.ha.ClusterState;
import org.promscale.ha.FillOrder;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.LeaderChange;
import org.promscale.ha.Probes;
import org.promscale.ha.Settlement;
import org.promscale.health.ConnectorHealth;
import org.promscale.ingest.LeaseStore;
import org.promscale.ingest.MaintenanceListener;
import org.promscale.model.Labels;
import org.promscale.model.MetricMetadata;
import org.promscale.model.ReplicaIdentity;
import org.promscale.testbed.PostgresServer;

/** Users who are not superusers, roles that are there or not. A server per test: roles are its. */
class DatabaseRightsIT {

  private PostgresServer server = PostgresServer.start(Map.of());
  private String name = "";

  @BeforeEach
  void prepare() {
    name = server.createDatabase();
    superuser("CREATE ROLE maria LOGIN");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void missingRightIsNamed() {
    assertThatThrownBy(() -> new SchemaMigrator(as("maria")).migrate())
        .isInstanceOf(SchemaException.class)
        .hasMessage(
            "The database user maria may not create what Promscale needs: run GRANT CREATE ON"
                + " DATABASE "
                + name
                + " TO maria as the owner of the database.");
  }

  @Test
  void foreignSchemaIsNamed() {
    superuser("GRANT CREATE ON DATABASE " + name + " TO maria");
    superuser("CREATE SCHEMA prom_data");
    assertThatThrownBy(() -> new SchemaMigrator(as("maria")).migrate())
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("The schemas prom_data belong to another user");
  }

  @Test
  void schemasMadeBeforehandNeedNoRightToCreate() throws SQLException {
    for (String schema :
        List.of(
            "_prom_catalog", "prom_data", "prom_metric", "prom_series", "prom_info", "prom_api")) {
      superuser("CREATE SCHEMA " + schema + " AUTHORIZATION maria");
    }
    SchemaMigrator migrator = new SchemaMigrator(as("maria"));
    migrator.migrate();
    assertThat(migrator.isCurrent()).isTrue();
  }

  @Test
  void rolesMadeLaterGetTheirRightsAtTheNextStart() throws SQLException {
    superuser("GRANT CREATE ON DATABASE " + name + " TO maria");
    DataSource owner = as("maria");
    SchemaMigrator migrator = new SchemaMigrator(owner);
    migrator.migrate();
    assertThat(query(owner, "SELECT count(*) FROM pg_roles WHERE rolname ~ '^prom_'"))
        .isEqualTo("0");
    useLikeAConnector(owner, "before");

    superuser("CREATE ROLE prom_reader; CREATE ROLE prom_writer; CREATE ROLE prom_admin");
    superuser("CREATE ROLE grafana LOGIN IN ROLE prom_reader");
    migrator.migrate();
    useLikeAConnector(owner, "after");
    DataSource reader = as("grafana");
    assertThat(query(reader, "SELECT max(x) FROM prom_series.before")).isEqualTo("1");
    assertThat(query(reader, "SELECT max(x) FROM prom_series.after")).isEqualTo("1");
    assertThat(query(reader, "SELECT count(*) FROM prom_metric.after")).isEqualTo("0");
    assertThat(query(reader, "SELECT count(*) FROM prom_data.sample")).isEqualTo("0");
    assertThat(query(reader, "SELECT sum(series_count) FROM prom_info.metric")).isEqualTo("2");
    assertThat(query(reader, "SELECT count(*) FROM prom_info.partition WHERE bytes >= 0"))
        .isNotEqualTo("0");
    String partition =
        query(reader, "SELECT partition_name FROM prom_info.partition WHERE table_name = 'sample'");
    assertThat(query(reader, "SELECT count(*) FROM " + partition)).isEqualTo("0");
    assertThatThrownBy(() -> useLikeAConnector(reader, "x"))
        .hasMessageContaining("permission denied");
  }

  @Test
  void connectorNeedsOnlyTheRoleOfAWriter() throws SQLException {
    new SchemaMigrator(server.dataSource(name)).migrate();
    superuser("GRANT prom_writer TO maria");
    DataSource writer = as("maria");
    new SchemaMigrator(writer).migrate();
    useLikeAConnector(writer, "written");
    assertThat(query(writer, "SELECT max(x) FROM prom_series.written")).isEqualTo("1");
    keepLeases(writer);
    assertThat(query(writer, "SELECT sum(samples_filled) FROM prom_info.ha_patches"))
        .isEqualTo("1");
    assertThat(query(writer, "SELECT sum(held_requests) FROM prom_info.ha_clusters"))
        .isEqualTo("0");
    maintain(writer);
    assertThatThrownBy(() -> query(writer, "SELECT prom_api.drop_metric('written')"))
        .hasMessageContaining("permission denied");
  }

  /** A partition and a series whose time is over go, and the setting is the connector's to make. */
  private void maintain(DataSource writer) throws SQLException {
    server.execute(
        name,
        "UPDATE _prom_catalog.series SET created_at = '2024-01-01';"
            + " UPDATE _prom_catalog.maintenance_state SET forget_after = '2024-01-01'");
    assertThat(query(writer, "SELECT _prom_catalog.adopt_retention(86400000)")).isEqualTo("t");
    MaintenanceFixture.runOnce(
        new Maintenance(
            writer, "one", MaintenanceListener.NONE, InstantSource.system(), System::nanoTime));
    assertThat(
            query(
                writer,
                "SELECT concat(trouble, partitions_dropped > 0, series_removed > 0) FROM"
                    + " prom_info.maintenance"))
        .isEqualTo("tt");
  }

  /** Everything that connectors do with leases, patches and held requests. */
  private static void keepLeases(DataSource database) throws SQLException {
    ExecutorService threads = Executors.newCachedThreadPool();
    try (ResourceLocal leases = ResourceLocal.in(database)) {
      HaConnector connector = new HaConnector(database, leases, threads, "one", List.of());
      PgLeaseStore store = connector.store();
      long id = connector.elect("c", "A");
      connector.commit(0, id, "stored", HaStage.T0 + 100_000, 1);
      for (int i = 1; i <= 9; i++) {
        connector.commit(0, id, "filled", HaStage.T0 - i * 10_000L, 1);
      }
      connector.look();
      store.note(List.of(new LeaseStore.ReplicaNote(id, "B", 1, 1)), List.of());
      long from = HaStage.T0;
      assertThat(
              store.openPatch(
                  connector.read(id),
                  new Settlement.PatchWish("B", from, from + 50_000, from + 50_000),
                  15_000))
          .isTrue();
      ClusterState patched = connector.read(id);
      long patch = patched.openPatches().get(0).id();
      PendingBatch pending =
          Batches.unknown()
              .sample("filled", from + 10_000, 2)
              .filling(new FillOrder(id, patched.lease().fence(), patch, false));
      connector.fill(pending);
      assertThat(HaConnector.stored(pending)).isTrue();
      HeldRequest held =
          new HeldRequest(
              id,
              0,
              new ReplicaIdentity("c", "B"),
              new byte[1],
              from,
              from,
              new HeldRequest.Arrival(from, from),
              1,
              Probes.NONE);
      assertThat(connector.shelf().put(List.of(held))).isEqualTo(1);
      assertThat(connector.shelf().take(true, 1)).isEmpty();
      assertThat(connector.shelf().take(false, 1)).hasSize(1);
      store.closePatch(id, patch);
      assertThat(store.takeOver(connector.read(id), LeaderChange.silent("B"))).isTrue();
      store.foldLanes(id);
      store.forgetReplicas(id);
      assertThat(store.endFrozenSessions()).isZero();
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void standbyAndOldServerAndForeignEncodingAreNamed() throws Exception {
    superuser("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'");
    assertThatThrownBy(() -> new SchemaMigrator(server.dataSource("latin")).migrate())
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("has the encoding LATIN1, labels need UTF8");
    try (Connection connection = server.connect(name)) {
      assertThatThrownBy(() -> ServerCheck.requireUsable(connection, 99))
          .isInstanceOf(SchemaException.class)
          .hasMessageContaining("Promscale needs version 99 or newer");
    }
    String data = query(server.dataSource(name), "SHOW data_directory");
    server.stop();
    Files.createFile(Path.of(data, "standby.signal"));
    server.start();
    assertThatThrownBy(() -> new SchemaMigrator(server.dataSource(name)).migrate())
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("The server is a standby");
    ConnectorHealth health = new ConnectorHealth(InstantSource.system());
    new DatabaseProbe(server.dataSource(name), InstantSource.system(), System::nanoTime, health)
        .run();
    assertThat(health.trouble().orElse(""))
        .startsWith("the database takes no writes: The server is a standby");
  }

  private static void useLikeAConnector(DataSource database, String metric) throws SQLException {
    Partitions partitions = Partitions.load(database);
    partitions.ensure(List.of(1L));
    try (Connection connection = database.getConnection()) {
      connection.setAutoCommit(false);
      Labels labels = Labels.of("__name__", metric, "x", "1");
      new SeriesCatalog().register(connection, 0, List.of(labels));
      new MetadataStore()
          .upsert(
              connection,
              0,
              List.of(new MetricMetadata(metric, MetricMetadata.Type.GAUGE, "", "")));
    }
    new ViewKeeper(database).refresh();
  }

  private void superuser(String sql) {
    server.execute(name, sql);
  }

  private DataSource as(String user) {
    PGSimpleDataSource source = server.dataSource(name);
    source.setUser(user);
    return source;
  }

  private static String query(DataSource database, String sql) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }
}
