package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;
import org.promscale.ingest.BatchListener;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.model.StaleMarker;
import org.promscale.testbed.Poison;
import org.promscale.testbed.PostgresServer;

/** Storing against a real PostgreSQL: duplicates, bits, poison, guards, partitions. */
class BatchWriterIT {

  private static final long NOW = 1_795_000_000_000L;

  private static PostgresServer server;

  private final AtomicLong retries = new AtomicLong();
  private final AtomicLong stored = new AtomicLong();
  private final AtomicLong duplicates = new AtomicLong();
  private final SeriesCache cache = new SeriesCache(1_000);
  private String database = "";
  private BatchWriter writer;

  @BeforeAll
  static void startServer() {
    server = PostgresServer.start(Map.of("shared_preload_libraries", "pg_stat_statements"));
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @BeforeEach
  void createWriter() throws SQLException {
    database = server.createDatabase();
    PGSimpleDataSource source = server.dataSource(database);
    new SchemaMigrator(source).migrate();
    writer = writer(source, List.of(new CatalogIncarnation(cache)));
  }

  private BatchWriter writer(PGSimpleDataSource source, List<CommitGuard> guards)
      throws SQLException {
    BatchListener listener =
        new BatchListener() {
          @Override
          public void committed(int requests, long samples, long repeated, long nanos) {
            stored.addAndGet(samples);
            duplicates.addAndGet(repeated);
          }

          @Override
          public void retried() {
            retries.incrementAndGet();
          }
        };
    return TestWriter.on(source, cache, guards, listener);
  }

  private void write(PendingBatch... group) {
    writer.write(0, List.of(group));
  }

  private static FailureKind failureOf(PendingBatch pending) {
    List<Throwable> failures = new ArrayList<>();
    var unused = pending.done().whenComplete((done, failure) -> failures.add(failure));
    assertThat(failures).singleElement().isInstanceOf(IngestFailure.class);
    return ((IngestFailure) failures.get(0)).kind();
  }

  /** Returns "metric@time=bits" of every stored sample, sorted. */
  private List<String> storedSamples() throws SQLException {
    try (Connection connection = server.connect(database);
        PreparedStatement select =
            connection.prepareStatement(
                """
                SELECT r.labels->>'__name__' || '@'
                       || (extract(epoch FROM s.time) * 1000)::bigint || '='
                       || encode(float8send(s.value), 'hex')
                  FROM prom_data.sample s JOIN _prom_catalog.series r ON r.id = s.series_id
                 ORDER BY 1
                """);
        ResultSet rows = select.executeQuery()) {
      List<String> samples = new ArrayList<>();
      while (rows.next()) {
        samples.add(rows.getString(1));
      }
      return samples;
    }
  }

  private static String sample(String metric, long time, double value) {
    return bits(metric, time, Double.doubleToRawLongBits(value));
  }

  private static String bits(String metric, long time, long bits) {
    return metric + "@" + time + "=" + String.format("%016x", bits);
  }

  @Test
  @DisplayName("A group is stored, each request is answered, ids are remembered")
  void stores() throws SQLException {
    PendingBatch one = Batches.unknown().sample("a", NOW, 1).sample("b", NOW, 2).pending();
    PendingBatch two = Batches.unknown().sample("a", NOW + 1, 3).pending();
    write(one, two);
    assertThat(one.done()).isCompleted();
    assertThat(two.done()).isCompleted();
    assertThat(storedSamples())
        .containsExactly(sample("a", NOW, 1), sample("a", NOW + 1, 3), sample("b", NOW, 2));
    assertThat(cache.size()).isEqualTo(2);
  }

  @Test
  @DisplayName(
      "A row that is there already: the first value wins, its neighbours take the fast path")
  void firstValueWins() throws SQLException {
    write(Batches.unknown().sample("a", NOW, 1).pending());
    PendingBatch again = Batches.unknown().sample("a", NOW, 9).sample("a", NOW + 1, 9).pending();
    PendingBatch neighbour = Batches.unknown().sample("b", NOW, 2).pending();
    write(again, neighbour);
    assertThat(again.done()).isCompleted();
    assertThat(neighbour.done()).isCompleted();
    assertThat(storedSamples())
        .containsExactly(sample("a", NOW, 1), sample("a", NOW + 1, 9), sample("b", NOW, 2));
    assertThat(retries).hasValue(1);
    assertThat(stored).hasValue(3);
    assertThat(duplicates).hasValue(1);
  }

  @Test
  @DisplayName("Two requests with rows that are there: after the second violation all take care")
  void secondViolation() throws SQLException {
    write(Batches.unknown().sample("a", NOW, 1).sample("b", NOW, 1).pending());
    write(
        Batches.unknown().sample("a", NOW, 2).pending(),
        Batches.unknown().sample("b", NOW, 2).pending(),
        Batches.unknown().sample("c", NOW, 2).pending());
    assertThat(storedSamples())
        .containsExactly(sample("a", NOW, 1), sample("b", NOW, 1), sample("c", NOW, 2));
    assertThat(retries).hasValue(2);
    assertThat(duplicates).hasValue(2);
  }

  @Test
  @DisplayName("Bits survive on the fast and on the careful path")
  void bitsSurvive() throws SQLException {
    long[] values = {
      StaleMarker.BITS, 0x7ff8000000000001L, 0xfff8000000000001L, 0x8000000000000000L, 1L, -1L
    };
    Batches fast = Batches.unknown();
    Batches careful = Batches.unknown().sample("seed", NOW, 2);
    List<String> expected = new ArrayList<>(List.of(sample("seed", NOW, 1)));
    for (int i = 0; i < values.length; i++) {
      fast.bits("fast", NOW + i, values[i]);
      careful.bits("slow", NOW + i, values[i]);
      expected.add(bits("fast", NOW + i, values[i]));
      expected.add(bits("slow", NOW + i, values[i]));
    }
    write(fast.sample("seed", NOW, 1).pending());
    write(careful.pending());
    assertThat(retries).as("the second group took the careful path").hasValue(1);
    assertThat(storedSamples()).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  @DisplayName("Times far back and before 1970 are exact on both paths, partitions are made")
  void timesAreExact() throws SQLException {
    long[] times = {-210_866_803_200_000L, -62_135_596_800_001L, -1, 0, 1, 999, NOW};
    Batches fast = Batches.unknown();
    Batches careful = Batches.unknown();
    List<String> expected = new ArrayList<>();
    for (long time : times) {
      fast.sample("fast", time, 1);
      careful.sample("fast", time, 2).sample("slow", time, 1);
      expected.add(sample("fast", time, 1));
      expected.add(sample("slow", time, 1));
    }
    write(fast.pending());
    write(careful.pending());
    assertThat(storedSamples()).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  @DisplayName("The same request on two connectors at once is stored once and both are answered")
  void concurrentRetry() throws Exception {
    BatchWriter other = writer(server.dataSource(database), List.of());
    for (int round = 0; round < 20; round++) {
      Batches left = Batches.unknown();
      Batches right = Batches.unknown();
      for (int i = 0; i < 500; i++) {
        left.sample("m" + i % 50, NOW + round * 1_000L + i / 50, i);
        right.sample("m" + (499 - i) % 50, NOW + round * 1_000L + (499 - i) / 50, 499 - i);
      }
      PendingBatch one = left.pending();
      PendingBatch two = right.pending();
      Thread thread = new Thread(() -> other.write(0, List.of(two)));
      thread.start();
      write(one);
      thread.join();
      assertThat(one.done()).isCompleted();
      assertThat(two.done()).isCompleted();
    }
    assertThat(storedSamples()).hasSize(20 * 500).doesNotHaveDuplicates();
  }

  @Test
  @DisplayName("Data that PostgreSQL refuses fails alone, its neighbours are stored")
  void poisonFailsAlone() throws SQLException {
    server.execute(database, Poison.SQL);
    PendingBatch[] group = new PendingBatch[7];
    for (int i = 0; i < group.length; i++) {
      group[i] = Batches.unknown().sample("m" + i, NOW, i == 4 ? 666 : i).pending();
    }
    write(group);
    assertThat(failureOf(group[4])).isEqualTo(FailureKind.REJECTED);
    for (int i = 0; i < group.length; i++) {
      if (i != 4) {
        assertThat(group[i].done()).as("neighbour %d", i).isCompleted();
      }
    }
    assertThat(storedSamples()).hasSize(6);
  }

  @Test
  @DisplayName(
      "A changed catalog incarnation stores nothing, empties the cache, and lets a retry in")
  void incarnationGuards() throws SQLException {
    write(Batches.unknown().sample("a", NOW, 1).pending());
    server.execute(database, "UPDATE _prom_catalog.incarnation SET token = gen_random_uuid()");
    PendingBatch refused = Batches.unknown().sample("a", NOW + 1, 1).pending();
    write(refused);
    assertThat(failureOf(refused)).isEqualTo(FailureKind.UNAVAILABLE);
    assertThat(cache.size()).isZero();
    assertThat(storedSamples()).hasSize(1);
    PendingBatch retried = Batches.unknown().sample("a", NOW + 1, 1).pending();
    write(retried);
    assertThat(retried.done()).isCompleted();
    assertThat(storedSamples()).hasSize(2);
  }

  @Test
  @DisplayName("Guards run after the rows are in, inside the transaction")
  void guardsRunLast() throws SQLException {
    List<Long> seen = new ArrayList<>();
    CommitGuard counting =
        (connection, group) -> {
          try (ResultSet row =
              connection.createStatement().executeQuery("SELECT count(*) FROM prom_data.sample")) {
            row.next();
            seen.add(row.getLong(1));
          }
        };
    writer = writer(server.dataSource(database), List.of(counting));
    write(Batches.unknown().sample("a", NOW, 1).sample("b", NOW, 1).pending());
    assertThat(seen).containsExactly(2L);
  }

  @Test
  @DisplayName("A partition that was dropped under a running connector is made again")
  void partitionComesBack() throws SQLException {
    write(Batches.unknown().sample("a", 86_400_000L, 1).pending());
    server.execute(
        database,
        """
        DO $$
        DECLARE p regclass;
        BEGIN
          FOR p IN SELECT partition FROM _prom_catalog.partitions() LOOP
            EXECUTE 'DROP TABLE ' || p;
          END LOOP;
        END $$
        """);
    PendingBatch next = Batches.unknown().sample("a", 86_400_001L, 1).pending();
    write(next);
    assertThat(next.done()).isCompleted();
    assertThat(storedSamples()).containsExactly(sample("a", 86_400_001L, 1));
  }

  @Test
  @DisplayName("A database that is gone means UNAVAILABLE, so that senders keep their data")
  void unavailable() throws SQLException {
    PGSimpleDataSource nowhere = server.dataSource("does_not_exist");
    BatchListener none = BatchListener.NONE;
    BatchPreparation preparation =
        new BatchPreparation(
            new SeriesCatalog(),
            cache,
            Partitions.load(server.dataSource(database)),
            new MetadataStore(),
            none);
    BatchWriter broken =
        new BatchWriter(
            nowhere,
            preparation,
            new LaneFence("test"),
            new BatchTransaction(true, List.of(), new LaneFence("test"), none, () -> 0L),
            none);
    PendingBatch pending = Batches.unknown().sample("a", NOW, 1).pending();
    broken.write(0, List.of(pending));
    assertThat(failureOf(pending)).isEqualTo(FailureKind.UNAVAILABLE);
  }

  @Test
  @DisplayName("Without duplicates samples go in by COPY alone")
  void copyOnly() throws SQLException {
    Assumptions.assumeFalse(
        Boolean.getBoolean("test.timescale.preload"),
        "pg_stat_statements does not see a COPY that TimescaleDB carries out");
    server.execute(database, "CREATE EXTENSION pg_stat_statements");
    server.execute(database, "SELECT pg_stat_statements_reset()");
    for (int i = 0; i < 5; i++) {
      write(Batches.unknown().sample("a", NOW + i, i).sample("b", NOW + i, i).pending());
    }
    try (Connection connection = server.connect(database);
        ResultSet row =
            connection
                .createStatement()
                .executeQuery(
                    """
                    SELECT sum(calls) FILTER (WHERE query LIKE 'COPY prom_data.sample%'),
                           sum(rows) FILTER (WHERE query LIKE 'COPY prom_data.sample%'),
                           coalesce(sum(calls) FILTER (WHERE query ILIKE 'INSERT INTO prom_data.sample%'), 0)
                      FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
                     WHERE d.datname = current_database()
                    """)) {
      row.next();
      assertThat(row.getLong(1)).as("COPY statements").isEqualTo(5);
      assertThat(row.getLong(2)).as("rows by COPY").isEqualTo(10);
      assertThat(row.getLong(3)).as("INSERT statements").isZero();
    }
  }
}
