package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.promscale.ingest.BatchListener;

/** Days that TimescaleDB has compressed. Its Apache edition cannot, nor PostgreSQL alone. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CompressedChunkIT implements MaintenanceFixture {

  private static final long DAY = 1_795_046_400_000L;

  private DatabaseServer server;
  private DataSource database;

  @BeforeAll
  void findServer() {
    String uri = System.getProperty("test.timescale.uri", "");
    if (uri.isEmpty() && !DatabaseServer.plainHasTimescale()) {
      System.out.println(
          "NOT RUN: compressed chunks. Give a server with -Dtest.timescale.uri=postgres://…");
      Assumptions.abort("no server with TimescaleDB given");
    }
    server = uri.isEmpty() ? DatabaseServer.plain() : DatabaseServer.at(uri);
  }

  @AfterAll
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  @BeforeEach
  void migrate() throws SQLException {
    database = freshDatabase();
    Assumptions.assumeTrue(
        rows(database, "SHOW timescaledb.license").contains("timescale"), "cannot compress");
  }

  @Override
  public DataSource database() {
    return database;
  }

  @Override
  public DataSource emptyDatabase() {
    return server.createDatabase();
  }

  @Test
  @DisplayName("Known samples of many compressed series are told from new ones, not refused")
  void repeatedSamplesBeyondTheLimit() throws SQLException {
    AtomicLong duplicates = new AtomicLong();
    BatchWriter writer = writer(duplicates);
    writer.write(0, List.of(request(0), request(1), request(2)));
    compress();
    // The default of 100,000 needs more than 100 series of 1,000 samples each.
    execute(
        database,
        """
        DO $$
        BEGIN
          EXECUTE format('ALTER DATABASE %I SET timescaledb.max_tuples_decompressed_per_dml_transaction = 1',
            current_database());
        END $$
        """);

    PendingBatch known = request(1);
    PendingBatch late = request(7);
    writer.write(0, List.of(known, late));

    assertThat(known.done()).isCompleted();
    assertThat(late.done()).isCompleted();
    assertThat(duplicates).hasValue(2);
    assertThat(rows(database, "SELECT count(*) FROM prom_data.sample")).containsExactly("8");
  }

  @Test
  @DisplayName("What goes from a compressed chunk leaves its neighbours in it compressed")
  void neighboursStayCompressed() throws SQLException {
    long brief = oldSeries(database, "brief", "x");
    long gone = oldSeries(database, "gone", "x");
    long other = oldSeries(database, "other", "x");
    for (long id : List.of(brief, gone, other)) {
      samplesAt(database, id, 0, 5);
    }
    assertThat(maintain(database, 5)).isEmpty();
    assertThat(compressedSampleChunks()).isEqualTo(1);

    execute(
        database,
        "SELECT prom_api.set_metric_retention_period('brief', '1 day')",
        "SELECT prom_api.drop_metric('gone')");
    assertThat(maintain(database, 5)).isEmpty();

    assertThat(days(database, brief)).containsExactly("5");
    assertThat(days(database, gone)).isEmpty();
    assertThat(days(database, other)).containsExactly("0", "5");
    String chunk =
        rows(
                database,
                "SELECT partition FROM _prom_catalog.partitions() WHERE table_name = 'sample'"
                    + " AND starts = '2024-05-01Z'")
            .get(0);
    assertThat(rows(database, "SELECT count(*) FROM ONLY " + chunk))
        .as("rows that are not compressed any more")
        .containsExactly("0");
  }

  @Test
  @DisplayName("The lock that switches compression on is not held while a chunk is compressed")
  void switchedOnBeforehand() throws SQLException {
    samplesAt(database, oldSeries(database, "a", "x"), 0);
    String run = rows(database, "SELECT _prom_catalog.begin_maintenance('test', '60 s')").get(0);
    String step =
        "SELECT done, more FROM _prom_catalog.maintain_compress(" + run + ", '2024-05-06Z')";
    int tables = 4;
    for (int i = 0; i < tables; i++) {
      assertThat(rows(database, step)).as("switched on").containsExactly("0|t");
      assertThat(rows(database, step)).as("compressed").containsExactly("1|t");
    }
    assertThat(rows(database, step)).containsExactly("0|f");
    assertThat(compressedSampleChunks()).isEqualTo(1);
  }

  private long compressedSampleChunks() throws SQLException {
    return Long.parseLong(
        rows(
                database,
                "SELECT count(*) FROM timescaledb_information.chunks"
                    + " WHERE hypertable_name = 'sample' AND is_compressed")
            .get(0));
  }

  private static PendingBatch request(int second) {
    long time = DAY + second * 1_000L;
    return Batches.unknown().sample("a", time, second).sample("b", time, second).pending();
  }

  private void compress() throws SQLException {
    execute(
        database,
        "ALTER TABLE prom_data.sample SET (timescaledb.compress,"
            + " timescaledb.compress_segmentby = 'series_id',"
            + " timescaledb.compress_orderby = 'time')",
        "SELECT compress_chunk(partition) FROM _prom_catalog.partitions()"
            + " WHERE table_name = 'sample'");
    assertThat(compressedSampleChunks()).isEqualTo(1);
  }

  private BatchWriter writer(AtomicLong duplicates) throws SQLException {
    BatchListener listener =
        new BatchListener() {
          @Override
          public void committed(int requests, long samples, long repeated, long nanos) {
            duplicates.addAndGet(repeated);
          }
        };
    BatchPreparation preparation =
        new BatchPreparation(
            new SeriesCatalog(),
            new SeriesCache(100),
            Partitions.load(database),
            new MetadataStore(),
            listener);
    LaneFence fence = new LaneFence("test");
    return new BatchWriter(
        database,
        preparation,
        fence,
        new BatchTransaction(true, List.of(), fence, listener, () -> 0L),
        listener);
  }
}
