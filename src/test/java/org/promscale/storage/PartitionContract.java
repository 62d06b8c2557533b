package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** Partitions by time, or what TimescaleDB makes of them. */
interface PartitionContract extends StorageFixture {

  @Test
  default void everyTimeThatCanBeStoredHasAPartition() throws SQLException {
    DataSource database = freshDatabase();
    Partitions partitions = Partitions.load(database);
    long[] times = {
      Partitions.MIN_TIMESTAMP_MS,
      Partitions.MIN_TIMESTAMP_MS + 1,
      Instant.parse("-0043-03-15T12:00:00Z").toEpochMilli(),
      Instant.parse("0000-12-31T23:59:59.999Z").toEpochMilli(),
      Instant.parse("0001-01-01T00:00:00Z").toEpochMilli(),
      -1,
      0,
      Instant.parse("2024-02-29T23:59:59.999Z").toEpochMilli(),
      Instant.parse("9999-12-31T23:59:59.999Z").toEpochMilli(),
      Instant.parse("+12345-01-01T00:00:00Z").toEpochMilli(),
      Partitions.MAX_TIMESTAMP_MS
    };
    try (Connection connection = database.getConnection()) {
      for (long time : times) {
        partitions.ensure(List.of(partitions.slotOf(time)));
        assertThat(partitions.isKnown(time)).isTrue();
        Bits.insert(connection, time, 1, 0);
      }
    }
    assertThat(rows(database, "SELECT count(*) FROM prom_data.sample")).containsExactly("11");
    Partitions loaded = Partitions.load(database);
    for (long time : times) {
      assertThat(loaded.isKnown(time)).as("%d", time).isTrue();
    }
    assertThat(loaded.isKnown(Instant.parse("2024-03-01T00:00:00Z").toEpochMilli())).isFalse();
    assertThat(loaded.isKnown(-loaded.slotMs() - 1)).isFalse();
  }

  @Test
  default void partitionsOfOtherConnectorsAreFound() throws SQLException {
    DataSource database = freshDatabase();
    Partitions one = Partitions.load(database);
    Partitions other = Partitions.load(database);
    one.ensure(List.of(100L));
    try (Connection connection = database.getConnection()) {
      Bits.insert(connection, one.startOf(100), 1, 0);
    }
    assertThat(other.isKnown(other.startOf(100))).isFalse();
    assertThat(other.missing(List.of(100L, 101L))).containsExactly(101L);
    other.ensure(List.of(100L, 101L));
    one.reload();
    assertThat(rows(database, "SELECT DISTINCT table_name, starts, ends FROM prom_info.partition"))
        .anyMatch(row -> row.startsWith("sample|1970-04-11 00:00:00+00|1970-04-12 00:00:00+00"));
  }

  @Test
  default void manyCreatorsAtOnce() throws Exception {
    DataSource database = freshDatabase();
    List<Long> slots = List.of(-3L, -2L, -1L, 0L, 1L, 2L);
    ExecutorService executor = Executors.newFixedThreadPool(4);
    try {
      List<Callable<Boolean>> creators = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        creators.add(
            () -> {
              Partitions partitions = Partitions.load(database);
              partitions.ensure(slots);
              return slots.stream().allMatch(s -> partitions.isKnown(partitions.startOf(s)));
            });
      }
      for (Future<Boolean> done : executor.invokeAll(creators)) {
        assertThat(done.get()).isTrue();
      }
    } finally {
      executor.shutdownNow();
    }
  }

  @Test
  default void nowAndTheNextDaysArePreparedAhead() throws SQLException {
    Partitions partitions = Partitions.load(freshDatabase());
    Instant now = Instant.parse("2031-07-01T13:00:00Z");
    partitions.ensureAhead(now);
    partitions.ensureAhead(now);
    long slot = partitions.slotOf(now.toEpochMilli());
    TreeSet<Long> known = new TreeSet<>();
    for (long s = slot - 5; s < slot + 10; s++) {
      if (partitions.isKnown(partitions.startOf(s))) {
        known.add(s);
      }
    }
    assertThat(known).containsExactly(slot, slot + 1, slot + 2, slot + 3);
  }

  @Test
  default void newPartitionsAreIndexedByTimeAndOldOnesLeftAlone() throws SQLException {
    DataSource database = freshDatabase();
    Partitions partitions = Partitions.load(database);
    partitions.ensure(List.of(100L));
    String indexes =
        "SELECT p.starts::date, i.reloptions FROM prom_info.partition p"
            + " JOIN pg_index x ON x.indrelid = p.partition_name::regclass"
            + " JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am a ON a.oid = i.relam"
            + " WHERE a.amname = 'brin' AND starts < '2000-01-01' ORDER BY starts";
    boolean plain =
        rows(database, "SELECT value FROM _prom_catalog.setting WHERE name = 'engine'")
            .contains("partitions");
    String options = "|{pages_per_range=1024,autosummarize=on}";
    assertThat(rows(database, indexes))
        .containsExactlyElementsOf(plain ? List.of("1970-04-11" + options) : List.of());
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      if (plain) {
        // As an older version left it: without the index, and one of the tables is new.
        statement.execute(
            "DO $$ BEGIN EXECUTE (SELECT 'DROP INDEX ' || indexrelid::regclass FROM pg_index"
                + " JOIN pg_class i ON i.oid = indexrelid JOIN pg_am a ON a.oid = i.relam"
                + " WHERE a.amname = 'brin' AND indrelid = 'prom_data.sample_19700411'::regclass);"
                + " END $$; DROP TABLE prom_data.exemplar_19700411");
      }
      for (long slot : new long[] {100, 101}) {
        statement.execute(
            "SELECT _prom_catalog.create_slot(%d, %d)"
                .formatted(partitions.startOf(slot), partitions.startOf(slot + 1)));
      }
    }
    assertThat(rows(database, indexes))
        .containsExactlyElementsOf(plain ? List.of("1970-04-12" + options) : List.of());
  }
}
