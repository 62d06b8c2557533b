package org.promscale.storage;

import java.sql.SQLException;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/**
 * The contracts of storage on a server with TimescaleDB, whose address the system property {@code
 * test.timescale.uri} gives; its user may create databases.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TimescaleStorageIT
    implements SchemaContract,
        SeriesContract,
        PartitionContract,
        LateRowsContract,
        ViewContract,
        MaintenanceContract,
        DeletionContract {

  private DatabaseServer server;
  private DataSource database;

  @BeforeAll
  void migrate() throws SQLException {
    server = DatabaseServer.timescale("storage on TimescaleDB");
    database = freshDatabase();
  }

  @AfterAll
  void stop() {
    if (server != null) {
      server.close();
    }
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
    return "hypertables";
  }
}
