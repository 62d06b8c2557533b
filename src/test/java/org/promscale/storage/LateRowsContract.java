package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.promscale.ingest.BatchListener;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/** Late requests while somebody works on their partition. */
interface LateRowsContract extends StorageFixture {

  /** Today; the partition that somebody works on is of the day before yesterday. */
  Instant NOW = Instant.parse("2031-07-03T13:00:00Z");

  String LATE = "2031-07-01T13:00:00Z";
  String EARLIER = "2031-06-30T13:00:00Z";

  /** Makes the writer of a connector for which it is {@link #NOW}. */
  static BatchWriter writer(DataSource database, List<String> failures) throws SQLException {
    BatchListener listener =
        new BatchListener() {
          @Override
          public void failed(String sqlState) {
            failures.add(sqlState);
          }
        };
    Partitions partitions = Partitions.load(database);
    partitions.ensure(
        List.of(
            partitions.slotOf(Instant.parse(LATE).toEpochMilli()),
            partitions.slotOf(Instant.parse(EARLIER).toEpochMilli())));
    partitions.ensureAhead(NOW);
    return TestWriter.on(database, new SeriesCache(100), partitions, List.of(), listener);
  }

  private static PendingBatch at(String metric, String time) {
    return Batches.unknown().sample(metric, Instant.parse(time).toEpochMilli(), 1).pending();
  }

  private static @Nullable FailureKind failure(PendingBatch pending) {
    return HaConnector.failure(pending.done())
        .map(f -> f instanceof IngestFailure failure ? failure.kind() : null)
        .orElse(null);
  }

  private List<String> stored(DataSource database) throws SQLException {
    return rows(
        database,
        "SELECT labels ->> '__name__' FROM prom_data.sample JOIN _prom_catalog.series ON id ="
            + " series_id ORDER BY 1");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "a chunk is compressed, EXCLUSIVE, true",
    "an index is built, SHARE, true",
    "a constraint is added, SHARE ROW EXCLUSIVE, true",
    "a table is rewritten, ACCESS EXCLUSIVE, true",
    "vacuum is at work, SHARE UPDATE EXCLUSIVE, false",
    "others store, ROW EXCLUSIVE, false"
  })
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  default void whoIsLateDoesNotMakeOthersWait(String work, String mode, boolean keepsOut)
      throws SQLException {
    DataSource database = freshDatabase();
    List<String> failures = new ArrayList<>();
    BatchWriter writer = writer(database, failures);
    PendingBatch late = at("late", LATE);
    PendingBatch earlier = at("earlier", EARLIER);
    PendingBatch prompt = at("prompt", NOW.toString());
    try (Connection worker = database.getConnection();
        Statement statement = worker.createStatement()) {
      worker.setAutoCommit(false);
      String partition =
          rows(
                  database,
                  "SELECT partition FROM _prom_catalog.partitions()"
                      + " WHERE table_name = 'sample' AND starts = '2031-07-01Z'")
              .get(0);
      statement.execute("LOCK TABLE " + partition + " IN " + mode + " MODE");
      writer.write(0, List.of(late, earlier, prompt));
      worker.rollback();
    }
    assertThat(failure(late)).as(work).isEqualTo(keepsOut ? FailureKind.UNAVAILABLE : null);
    assertThat(failures).hasSize(keepsOut ? 1 : 0);
    assertThat(earlier.done()).isCompletedWithValue(0);
    assertThat(prompt.done()).isCompletedWithValue(0);
    PendingBatch again = at("late", LATE);
    if (keepsOut) {
      writer.write(0, List.of(again));
      assertThat(again.done()).isCompletedWithValue(0);
    }
    assertThat(stored(database)).containsExactly("earlier", "late", "prompt");
  }

  @Test
  @DisplayName("A lock that comes after one has looked costs the others a second")
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  default void lockThatWasNotSeen() throws SQLException {
    DataSource database = freshDatabase();
    List<String> failures = new ArrayList<>();
    BatchWriter writer = writer(database, failures);
    writer.write(0, List.of(at("late", EARLIER)));
    PendingBatch late = at("late", LATE);
    PendingBatch prompt = at("prompt", NOW.toString());
    try (Connection other = database.getConnection();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      // Who stores the same sample waits for this one: no lock on a partition.
      statement.execute(
          "INSERT INTO prom_data.sample SELECT '%s', id, 1 FROM _prom_catalog.series"
              .formatted(LATE));
      writer.write(0, List.of(late, prompt));
      other.rollback();
    }
    assertThat(failure(late)).isEqualTo(FailureKind.UNAVAILABLE);
    assertThat(failures).containsExactly("55P03");
    assertThat(prompt.done()).isCompletedWithValue(0);
    assertThat(stored(database)).containsExactly("late", "prompt");
  }

  @Test
  @DisplayName("Who was away shortly around midnight is not late")
  default void anHourIsLeft() throws SQLException {
    Partitions partitions = Partitions.load(freshDatabase());
    assertThat(partitions.endedBeforeMs()).isEqualTo(Long.MIN_VALUE);
    partitions.ensureAhead(Instant.parse("2031-07-03T00:59:59Z"));
    assertThat(partitions.endedBeforeMs())
        .isEqualTo(Instant.parse("2031-07-02T00:00:00Z").toEpochMilli());
    partitions.ensureAhead(Instant.parse("2031-07-03T01:00:00Z"));
    assertThat(partitions.endedBeforeMs())
        .isEqualTo(Instant.parse("2031-07-03T00:00:00Z").toEpochMilli());
  }
}
