package org.promscale.storage;

import java.sql.SQLException;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
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
        ViewContract,
        MaintenanceContract,
        DeletionContract {

  private DatabaseServer server;
  private DataSource database;

  @BeforeAll
  void migrate() throws SQLException {
    String uri = System.getProperty("test.timescale.uri", "");
    if (uri.isEmpty()) {
      System.out.println(
          "NOT RUN: storage on TimescaleDB. Give a server with -Dtest.timescale.uri=postgres://…");
      Assumptions.abort("no server with TimescaleDB given");
    }
    server = DatabaseServer.at(uri);
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
