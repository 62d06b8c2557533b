package org.promscale.storage;

import java.sql.SQLException;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** The contracts of storage on a server of our own, without extensions unless it preloads one. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PlainStorageIT
    implements SchemaContract,
        SeriesContract,
        PartitionContract,
        LateRowsContract,
        ViewContract,
        MaintenanceContract,
        DeletionContract {

  private final DatabaseServer server = DatabaseServer.plain();
  private final DataSource database = server.createDatabase();

  @BeforeAll
  void migrate() throws SQLException {
    new SchemaMigrator(database).migrate();
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @Override
  public DataSource database() {
    return database;
  }

  @Override
  public DataSource emptyDatabase() {
    return server.createDatabase();
  }

  @Override
  public String engine() {
    return DatabaseServer.plainHasTimescale() ? "hypertables" : "partitions";
  }
}
