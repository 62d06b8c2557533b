package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.promscale.ingest.BatchListener;

/**
 * Compressed chunks, on a server with TimescaleDB whose address the system property {@code
 * test.timescale.uri} gives; of its Apache edition that there are none.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CompressionIT implements MaintenanceFixture {

  private static final String COMPRESSED =
      "SELECT count(*) FROM timescaledb_information.chunks WHERE is_compressed AND hypertable_name ="
          + " 'sample'";

  private static final String BESIDE =
      "SELECT status FROM _timescaledb_catalog.chunk WHERE schema_name = '_timescaledb_internal'";

  private DatabaseServer server;
  private boolean community;

  @BeforeAll
  void find() throws SQLException {
    String uri = System.getProperty("test.timescale.uri", "");
    if (uri.isEmpty()) {
      System.out.println(
          "NOT RUN: compression by TimescaleDB. Give a server with"
              + " -Dtest.timescale.uri=postgres://…");
      Assumptions.abort("no server with TimescaleDB given");
    }
    server = DatabaseServer.at(uri);
    community = rows(freshDatabase(), "SHOW timescaledb.license").contains("timescale");
    System.out.println("compression is tested with the license of the given server: " + community);
  }

  @AfterAll
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Override
  public DataSource database() {
    throw new UnsupportedOperationException("every test has its own");
  }

  @Override
  public DataSource emptyDatabase() {
    return server.createDatabase();
  }

  /** A database with two days of two series, of which maintenance has compressed the first. */
  private DataSource compressed() throws SQLException {
    Assumptions.assumeTrue(community, "the Apache edition compresses nothing");
    DataSource database = freshDatabase();
    long a = oldSeries(database, "a", "x");
    long b = oldSeries(database, "b", "x");
    samplesAt(database, a, 0, 1);
    samplesAt(database, b, 0, 1);
    execute(
        database,
        "INSERT INTO prom_data.sample SELECT '2024-05-01'::timestamptz + i * interval '10 s', "
            + ("s, i FROM generate_series(1, 4000) i, unnest(ARRAY[" + a + "," + b + "]) s")
            + " WHERE i <> 3600 AND NOT (i = 3999 AND s = "
            + a
            + ") ON CONFLICT DO NOTHING");
    execute(database, "SELECT prom_api.set_default_retention_period(NULL)");
    assertThat(maintain(database, 2)).isEmpty();
    assertThat(rows(database, COMPRESSED)).containsExactly("1");
    return database;
  }

  @Test
  @DisplayName("A chunk is compressed a day after its end, or when one says, or not at all")
  void ageAndSwitch() throws SQLException {
    DataSource database = compressed();
    assertThat(rows(database, "SELECT sum(chunks_compressed) FROM prom_info.maintenance"))
        .containsExactly("4");
    execute(database, "SELECT prom_api.set_default_compression_setting(false)");
    assertThat(maintain(database, 9)).isEmpty();
    assertThat(rows(database, COMPRESSED)).containsExactly("1");
    execute(
        database,
        "SELECT prom_api.set_default_compression_setting(true)",
        "SELECT prom_api.set_compression_age('5 days')");
    assertThat(maintain(database, 6)).isEmpty();
    assertThat(rows(database, COMPRESSED)).containsExactly("1");
    assertThat(maintain(database, 7)).isEmpty();
    assertThat(rows(database, COMPRESSED)).containsExactly("2");
  }

  @Test
  @DisplayName("Late samples into a compressed chunk are stored once, duplicates keep the first")
  void lateSamples() throws SQLException {
    DataSource database = compressed();
    AtomicLong duplicates = new AtomicLong();
    BatchWriter writer = writer(database, duplicates);
    long first = DAY_0.toEpochMilli() - 43_200_000 + 10_000;
    long id =
        Long.parseLong(rows(database, "SELECT id FROM _prom_catalog.series ORDER BY id").get(0));
    PendingBatch late = Batches.unknown().known(id, first + 1, 42).pending();
    PendingBatch twice = Batches.unknown().known(id, first, 42).known(id, first + 2, 43).pending();
    writer.write(0, List.of(late));
    writer.write(0, List.of(twice));
    assertThat(late.done()).isCompleted();
    assertThat(twice.done()).isCompleted();
    assertThat(duplicates).hasValue(1);
    assertThat(
            rows(
                database,
                "SELECT value FROM prom_data.sample WHERE series_id = %d AND time < '2024-05-01 00:00:10.1+00' ORDER BY time"
                    .formatted(id)))
        .containsExactly("1", "42", "43");
    assertThat(maintain(database, 2)).isEmpty();
    assertThat(rows(database, "SELECT count(*) FROM prom_data.sample WHERE series_id = " + id))
        .containsExactly("4002");
    assertThat(rows(database, BESIDE)).as("late rows lie beside for an hour").contains("9");
    execute(
        database,
        "UPDATE _prom_catalog.maintenance_state SET compressed_again = now() - interval '2 h'");
    assertThat(maintain(database, 2)).isEmpty();
    assertThat(rows(database, BESIDE)).doesNotContain("9");
    assertThat(rows(database, "SELECT count(*) FROM prom_data.sample WHERE series_id = " + id))
        .containsExactly("4002");
  }

  @Test
  @DisplayName("Deleted series, and a shorter retention, take rows out of compressed chunks")
  void rowsGo() throws SQLException {
    DataSource database = compressed();
    execute(database, "SELECT prom_api.delete_series('__name__=a')");
    assertThat(maintain(database, 2)).isEmpty();
    assertThat(
            rows(
                database,
                "SELECT DISTINCT labels ->> '__name__' FROM prom_data.sample s LEFT JOIN"
                    + " _prom_catalog.series c ON c.id = s.series_id"))
        .containsExactly("b");
    execute(database, "SELECT prom_api.set_metric_retention_period('b', '1 day')");
    assertThat(maintain(database, 2)).isEmpty();
    assertThat(rows(database, "SELECT min(time AT TIME ZONE 'UTC') FROM prom_data.sample"))
        .containsExactly("2024-05-02 12:00:00");
  }

  @Test
  @DisplayName("Compressed chunks are dropped like others")
  void chunksGo() throws SQLException {
    DataSource database = compressed();
    execute(database, "SELECT prom_api.set_default_retention_period('1 day')");
    assertThat(maintain(database, 2)).isEmpty();
    assertThat(rows(database, COMPRESSED)).containsExactly("0");
    assertThat(rows(database, "SELECT count(*) FROM prom_data.sample")).containsExactly("2");
  }

  @Test
  @DisplayName("The Apache edition says what it lacks, and maintenance does all else")
  void apache() throws SQLException {
    Assumptions.assumeFalse(community, "this is the Community edition");
    DataSource database = freshDatabase();
    samplesAt(database, oldSeries(database, "a", "x"), 0, 9);
    execute(database, "SELECT prom_api.set_default_retention_period('2 days')");
    assertThat(maintain(database, 9)).isEmpty();
    assertThat(rows(database, "SELECT count(*) FROM prom_data.sample")).containsExactly("1");
    assertThat(rows(database, "SELECT prom_api.get_default_compression_setting()"))
        .containsExactly("f");
    assertThatThrownBy(
            () -> execute(database, "SELECT prom_api.set_default_compression_setting(true)"))
        .hasMessageContaining("the Apache edition of TimescaleDB has no compression");
  }

  private static BatchWriter writer(DataSource database, AtomicLong duplicates)
      throws SQLException {
    BatchListener listener =
        new BatchListener() {
          @Override
          public void committed(int requests, long samples, long repeated, long nanos) {
            duplicates.addAndGet(repeated);
          }
        };
    SeriesCache cache = new SeriesCache(1_000);
    BatchPreparation preparation =
        new BatchPreparation(
            new SeriesCatalog(), cache, Partitions.load(database), new MetadataStore(), listener);
    LaneFence fence = new LaneFence("test");
    return new BatchWriter(
        database,
        preparation,
        fence,
        new BatchTransaction(true, List.of(), fence, listener, System::nanoTime),
        listener);
  }
}
