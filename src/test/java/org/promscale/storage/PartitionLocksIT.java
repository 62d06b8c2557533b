package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Partitions or chunks are made and dropped while others use the tables. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PartitionLocksIT {

  private final DatabaseServer server = DatabaseServer.plain();
  private DataSource database = server.createDatabase();
  private Partitions partitions;

  @BeforeEach
  void migrate() throws SQLException {
    database = server.createDatabase();
    new SchemaMigrator(database).migrate();
    partitions = Partitions.load(database);
    partitions.ensure(List.of(1L));
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @Test
  void writersAndCreatorsDoNotWaitForEachOther() throws SQLException {
    try (Connection writer = database.getConnection();
        Connection other = database.getConnection()) {
      writer.setAutoCommit(false);
      Bits.insert(writer, partitions.startOf(1), 1, 0);
      partitions.ensure(List.of(2L));
      Bits.insert(other, partitions.startOf(2), 1, 0);
      Bits.insert(writer, partitions.startOf(2), 2, 0);
      writer.commit();
    }
  }

  @Test
  void lockedTableIsGivenUpAfterSomeSecondsAndWorksLater() throws SQLException {
    try (Connection holder = database.getConnection();
        Statement statement = holder.createStatement()) {
      holder.setAutoCommit(false);
      statement.execute("LOCK TABLE prom_data.sample IN SHARE UPDATE EXCLUSIVE MODE");
      assertThatThrownBy(() -> partitions.ensure(List.of(3L)))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("55P03"));
      assertThat(partitions.isKnown(partitions.startOf(3))).isFalse();
      holder.rollback();
    }
    partitions.ensure(List.of(3L));
    assertThat(partitions.isKnown(partitions.startOf(3))).isTrue();
  }

  @Test
  void droppedPartitionIsForgottenAndMadeAnew() throws SQLException {
    execute(
        """
        DO $$
        BEGIN
          EXECUTE 'DROP TABLE ' || (SELECT partition FROM _prom_catalog.partitions()
                                    WHERE table_name = 'sample' AND starts = '1970-01-02Z');
        END $$
        """);
    assertThat(partitions.isKnown(partitions.startOf(1))).isTrue();
    partitions.reload();
    assertThat(partitions.isKnown(partitions.startOf(1))).isFalse();
    partitions.ensure(List.of(1L));
    assertThat(partitions.isKnown(partitions.startOf(1))).isTrue();
  }

  @Test
  void detachedPartitionIsKept() throws SQLException {
    Assumptions.assumeFalse(
        DatabaseServer.plainHasTimescale(), "chunks of TimescaleDB cannot be detached");
    execute("ALTER TABLE prom_data.sample DETACH PARTITION prom_data.sample_19700102");
    partitions.reload();
    partitions.ensure(List.of(1L));
    execute("INSERT INTO prom_data.sample VALUES ('1970-01-02 10:00Z', 1, 1)");
    execute("SELECT FROM prom_data.sample_19700102");
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
