package org.promscale.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.promscale.model.WriteBatch;

/** What the time of an item decides. The tolerance is 1,000 ms, a partition is 100 ms long. */
class BatchValidatorTest {

  private static final long NOW = 1_700_000_000_000L;
  private static final long TOLERANCE = 1_000;

  private final Rejections rejections = new Rejections();
  private final Slots slots = new Slots();
  private long databaseAhead;

  @Test
  void boundOfTheFutureIsInclusive() {
    slots.allKnown = true;
    WriteBatch batch = Batches.samplesAt(NOW + 999, NOW + 1_000, NOW + 1_001, NOW);
    validate(batch);
    assertThat(Batches.times(batch)).containsExactly(NOW + 999, NOW + 1_000, NOW);
    assertThat(rejections.describe(4))
        .isEqualTo(
            "1 of 4 items rejected: 1 x timestamp too far in the future"
                + " (2023-11-14T22:13:21.001Z of up{job=\"j\"})");
  }

  @Test
  void knownSeriesAreNamedByTheirId() {
    validate(Batches.samplesAt(NOW, NOW + 5_000));
    assertThat(rejections.describe(2)).contains("2023-11-14T22:13:25Z of series 7");
  }

  @Test
  void boundOfThePastIsInclusive() {
    slots.allKnown = true;
    long earliest = BatchValidator.EARLIEST_MS;
    WriteBatch batch =
        Batches.samplesAt(earliest - 1, earliest, earliest + 1, -1, 0, Long.MIN_VALUE);
    validate(batch);
    assertThat(Batches.times(batch)).containsExactly(earliest, earliest + 1, -1L, 0L);
    assertThat(Batches.reasons(rejections)).containsExactly("TIMESTAMP_OUT_OF_RANGE 2");
  }

  @Test
  void earliestIsTheFirstDayOfPostgres() {
    assertThat(Instant.ofEpochMilli(BatchValidator.EARLIEST_MS))
        .isEqualTo(Instant.parse("-4713-11-24T00:00:00Z"));
  }

  @Test
  void extremeTimestampsAreJudgedToo() {
    WriteBatch batch = Batches.samplesAt(Long.MAX_VALUE, Long.MIN_VALUE);
    validate(batch);
    assertThat(batch.isEmpty()).isTrue();
    assertThat(Batches.reasons(rejections))
        .containsExactly("TIMESTAMP_IN_FUTURE 1", "TIMESTAMP_OUT_OF_RANGE 1");
  }

  @ParameterizedTest(name = "database {0} ms ahead, sample {1} ms ahead: {2}")
  @CsvSource({
    "500, 1000, accepted",
    "500, 1001, unavailable",
    "500, 1500, unavailable",
    "500, 1501, rejected",
    "-500, 500, accepted",
    "-500, 501, unavailable",
    "-500, 1000, unavailable",
    "-500, 1001, rejected",
    "0, 1000, accepted",
    "0, 1001, rejected"
  })
  void onlyWhatBothClocksSayIsFinal(long ahead, long offset, String verdict) {
    databaseAhead = ahead;
    slots.allKnown = true;
    WriteBatch batch = Batches.samplesAt(NOW, NOW + offset);
    if (verdict.equals("unavailable")) {
      IngestFailure failure = catchThrowableOfType(IngestFailure.class, () -> validate(batch));
      assertThat(failure.kind()).isEqualTo(FailureKind.UNAVAILABLE);
      assertThat(failure).hasMessageContaining("differ by 500 ms");
      return;
    }
    validate(batch);
    assertThat(batch.samples().size()).isEqualTo(verdict.equals("accepted") ? 2 : 1);
    assertThat(rejections.total()).isEqualTo(verdict.equals("accepted") ? 0 : 1);
  }

  @ParameterizedTest(name = "database {0} ms ahead, sample {1} ms older than the retention: {2}")
  @CsvSource({
    "0, 0, accepted",
    "0, 1, rejected",
    "500, 1, rejected",
    "-500, 500, accepted",
    "-500, 501, rejected",
    "31536000000, 1, rejected",
    "-31536000000, 31536000000, accepted"
  })
  void whatIsOlderThanTheRetentionByBothClocks(long ahead, long older, String verdict) {
    databaseAhead = ahead;
    slots.allKnown = true;
    slots.retentionMs = 10_000;
    long kept = NOW - 10_000 + Math.min(0, ahead);
    WriteBatch batch = Batches.samplesAt(kept, NOW - 10_000 - older);
    validate(batch);
    assertThat(batch.samples().size()).isEqualTo(verdict.equals("accepted") ? 2 : 1);
    if (verdict.equals("rejected")) {
      assertThat(rejections.describe(2)).contains("1 x timestamp older than the longest retention");
    }
  }

  @Test
  void heldRequestsAreNotAskedForTheirAge() {
    slots.allKnown = true;
    slots.retentionMs = 10_000;
    WriteBatch batch = Batches.samplesAt(NOW - 20_000);
    validator().validateHeld(batch, NOW);
    assertThat(batch.samples().size()).isEqualTo(1);
  }

  @Test
  void histogramsAndExemplarsAreJudgedLikeSamples() {
    WriteBatch batch = Batches.samplesAt();
    for (long time : new long[] {NOW, NOW + 1_001, Long.MIN_VALUE}) {
      Batches.addHistogram(batch, time);
      Batches.addExemplar(batch, time);
    }
    Batches.addMetadata(batch);
    validate(batch);
    assertThat(batch.histograms()).hasSize(1);
    assertThat(batch.exemplars()).hasSize(1);
    assertThat(batch.metadata()).hasSize(1);
    assertThat(Batches.reasons(rejections))
        .containsExactly("TIMESTAMP_IN_FUTURE 2", "TIMESTAMP_OUT_OF_RANGE 2");
  }

  @Test
  void aRequestOpensEightPartitionsAtMost() {
    long[] times = new long[20];
    for (int i = 0; i < times.length; i++) {
      times[i] = 100L * (i / 2) + i % 2;
    }
    WriteBatch batch = Batches.samplesAt(times);
    Batches.addHistogram(batch, 100);
    Batches.addHistogram(batch, 900);
    Batches.addExemplar(batch, 800);
    Batches.addExemplar(batch, 750);
    validate(batch);
    assertThat(Batches.times(batch)).hasSize(16).doesNotContain(800L, 801L, 900L, 901L);
    assertThat(batch.histograms()).hasSize(1);
    assertThat(batch.exemplars()).hasSize(1);
    assertThat(Batches.reasons(rejections)).containsExactly("TOO_MANY_PARTITIONS 6");
  }

  @Test
  void knownPartitionsDoNotCount() {
    long[] times = new long[12];
    for (int i = 0; i < times.length; i++) {
      times[i] = 100L * i - 600;
      if (i >= BatchValidator.MAX_NEW_PARTITIONS) {
        slots.known.add(slots.slotOf(times[i]));
      }
    }
    WriteBatch batch = Batches.samplesAt(times);
    validate(batch);
    assertThat(batch.samples().size()).isEqualTo(12);
  }

  /** What is refused for its time must not use up partitions. */
  @Test
  void refusedTimesOpenNothing() {
    long[] times = new long[20];
    for (int i = 0; i < 12; i++) {
      times[i] = NOW + 10_000 + 100L * i;
    }
    for (int i = 12; i < 20; i++) {
      times[i] = 100L * i;
    }
    WriteBatch batch = Batches.samplesAt(times);
    validate(batch);
    assertThat(batch.samples().size()).isEqualTo(8);
    assertThat(Batches.reasons(rejections)).containsExactly("TIMESTAMP_IN_FUTURE 12");
  }

  private void validate(WriteBatch batch) {
    validator().validate(batch, rejections);
  }

  private BatchValidator validator() {
    InstantSource clock = InstantSource.fixed(Instant.ofEpochMilli(NOW));
    return new BatchValidator(clock, () -> databaseAhead, slots, TOLERANCE);
  }

  private static final class Slots implements TimePartitions {
    private long retentionMs = Long.MAX_VALUE;
    private final Set<Long> known = new HashSet<>();
    private boolean allKnown;

    @Override
    public boolean isKnown(long timestampMs) {
      return allKnown || known.contains(slotOf(timestampMs));
    }

    @Override
    public long slotOf(long timestampMs) {
      return Math.floorDiv(timestampMs, 100);
    }

    @Override
    public long retentionMs() {
      return retentionMs;
    }
  }
}
