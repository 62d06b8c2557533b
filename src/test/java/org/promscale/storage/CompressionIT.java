package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
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

  private static final long DAY = 1_795_046_400_000L;

  private static final String BESIDE =
      "SELECT _timescaledb_functions.chunk_status(format('%I.%I', chunk_schema, chunk_name)::regclass)"
          + " FROM timescaledb_information.chunks WHERE hypertable_name = 'sample'";

  private DatabaseServer server;
  private boolean community;

  @BeforeAll
  void find() throws SQLException {
    server = DatabaseServer.timescale("compression by TimescaleDB");
    community = rows(freshDatabase(), "SHOW timescaledb.license").contains("timescale");
    if (!community) {
      System.out.println("NOT RUN on the Apache edition of TimescaleDB: compressed chunks");
    }
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

  private DataSource freshCommunityDatabase() throws SQLException {
    Assumptions.assumeTrue(community, "the Apache edition compresses nothing");
    return freshDatabase();
  }

  /** A database with two days of two series, of which maintenance has compressed the first. */
  private DataSource compressed() throws SQLException {
    DataSource database = freshCommunityDatabase();
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
  @DisplayName("Who needs a new chunk does not wait for one that is being compressed")
  void chunkBesideCompression() throws SQLException {
    DataSource database = compressed();
    execute(database, "INSERT INTO prom_data.sample VALUES ('2024-05-07', 1, 1)");
    try (Connection compressing = database.getConnection();
        Statement statement = compressing.createStatement()) {
      compressing.setAutoCommit(false);
      statement.execute(
          "SELECT compress_chunk(c) FROM show_chunks('prom_data.sample', newer_than =>"
              + " '2024-05-06'::timestamptz) c");
      long day = Instant.parse("2024-06-01T00:00:00Z").toEpochMilli();
      execute(
          database,
          "SET lock_timeout = '2s'; SELECT _prom_catalog.create_slot(%d, %d)"
              .formatted(day, day + 86_400_000));
      compressing.rollback();
    }
    assertThat(
            rows(
                database,
                "SELECT table_name FROM prom_info.partition WHERE starts = '2024-06-01' ORDER BY 1"))
        .containsExactly("exemplar", "histogram", "sample", "sample_start");
    assertThat(rows(database, "SELECT count(*) FROM prom_data.sample WHERE time > '2024-05-20'"))
        .containsExactly("0");
  }

  @Test
  @DisplayName("Late samples for the chunk that is being compressed come again, others are stored")
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void lateBesideCompression() throws SQLException {
    DataSource database = compressed();
    List<String> failures = new ArrayList<>();
    BatchWriter writer = LateRowsContract.writer(database, failures);
    String day = "'" + LateRowsContract.LATE.substring(0, 10) + "'::timestamptz";
    execute(
        database,
        "INSERT INTO prom_data.sample SELECT "
            + day
            + " + i * interval '1 s', 1, i"
            + " FROM generate_series(1, 1000) i");
    long late = Instant.parse(LateRowsContract.LATE).toEpochMilli();
    PendingBatch kept = Batches.unknown().sample("kept", late, 1).pending();
    PendingBatch compressed = Batches.unknown().sample("c", DAY_0.toEpochMilli(), 1).pending();
    PendingBatch prompt =
        Batches.unknown().sample("p", LateRowsContract.NOW.toEpochMilli(), 1).pending();
    try (Connection compressing = database.getConnection();
        Statement statement = compressing.createStatement()) {
      compressing.setAutoCommit(false);
      statement.execute(
          "SELECT compress_chunk(c) FROM show_chunks('prom_data.sample', newer_than => "
              + (day + ", older_than => " + day + " + interval '1 day') c"));
      writer.write(0, List.of(kept, compressed, prompt));
      compressing.commit();
    }
    assertThat(HaConnector.failure(kept.done()).orElseThrow())
        .hasMessageContaining("most likely to compress it");
    assertThat(failures).containsExactly("55P03");
    assertThat(compressed.done()).isCompletedWithValue(0);
    assertThat(prompt.done()).isCompletedWithValue(0);
    PendingBatch again = Batches.unknown().sample("kept", late, 1).pending();
    writer.write(0, List.of(again));
    assertThat(again.done()).isCompletedWithValue(0);
    assertThat(
            rows(
                database,
                "SELECT labels ->> '__name__' FROM prom_data.sample JOIN _prom_catalog.series ON id ="
                    + " series_id WHERE labels ->> '__name__' IN ('kept', 'c', 'p') ORDER BY 1"))
        .containsExactly("c", "kept", "p");
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
  @DisplayName("The size of a compressed chunk is that of what has become of it")
  void sizes() throws SQLException {
    assertThat(
            rows(
                compressed(),
                "SELECT bytes > s.after_compression_total_bytes, bytes <"
                    + " s.before_compression_total_bytes FROM prom_info.partition JOIN"
                    + " chunk_compression_stats('prom_data.sample') s ON partition_name ="
                    + " format('%I.%I', chunk_schema, chunk_name)"
                    + " WHERE compression_status = 'Compressed'"))
        .containsExactly("t|t");
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

  @Test
  @DisplayName("Known samples of many compressed series are told from new ones, not refused")
  void repeatedSamplesBeyondTheLimit() throws SQLException {
    DataSource database = freshCommunityDatabase();
    AtomicLong duplicates = new AtomicLong();
    BatchWriter writer = writer(database, duplicates);
    writer.write(0, List.of(request(0), request(1), request(2)));
    compress(database);
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
    DataSource database = freshCommunityDatabase();
    long brief = oldSeries(database, "brief", "x");
    long gone = oldSeries(database, "gone", "x");
    long other = oldSeries(database, "other", "x");
    for (long id : List.of(brief, gone, other)) {
      samplesAt(database, id, 0, 5);
    }
    assertThat(maintain(database, 5)).isEmpty();
    assertThat(rows(database, COMPRESSED)).containsExactly("1");

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
    DataSource database = freshCommunityDatabase();
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
    assertThat(rows(database, COMPRESSED)).containsExactly("1");
  }

  private static PendingBatch request(int second) {
    long time = DAY + second * 1_000L;
    return Batches.unknown().sample("a", time, second).sample("b", time, second).pending();
  }

  private void compress(DataSource database) throws SQLException {
    execute(
        database,
        "ALTER TABLE prom_data.sample SET (timescaledb.compress,"
            + " timescaledb.compress_segmentby = 'series_id',"
            + " timescaledb.compress_orderby = 'time')",
        "SELECT compress_chunk(partition) FROM _prom_catalog.partitions()"
            + " WHERE table_name = 'sample'");
    assertThat(rows(database, COMPRESSED)).containsExactly("1");
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
    return TestWriter.on(database, new SeriesCache(100), List.of(), listener);
  }
}
