package org.promscale.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.LeaseClaim;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.WriteBatch;

/** The way of a request, with a sink that commits when it is told to. */
class IngestPipelineTest {

  private static final long NOW = 1_700_000_000_000L;
  private static final long FUTURE = NOW + 10_000;

  private final ManualSink sink = new ManualSink();
  private final Ear ear = new Ear();
  private final Rejections rejections = new Rejections();
  private long databaseAhead;

  @Test
  void reportsAfterTheCommitAndNotBefore() {
    WriteBatch batch = Batches.samplesAt(NOW, NOW);
    CompletableFuture<IngestReport> report = write(batch, 2);
    assertThat(report).isNotDone();
    assertThat(sink.batches).containsExactly(batch);
    assertThat(sink.bytes).isEqualTo(123);
    sink.commit();
    assertThat(report).isCompletedWithValueMatching(IngestReport::isComplete);
    assertThat(report.join().items()).isEqualTo(2);
    assertThat(ear.rejected).isEmpty();
  }

  @Test
  void storesTheRestOfAPartlyUnusableRequest() {
    rejections.add(RejectReason.NUL_CHARACTER, 3, () -> "x");
    WriteBatch batch = Batches.samplesAt(NOW, FUTURE);
    CompletableFuture<IngestReport> report = write(batch, 5);
    assertThat(Batches.times(sink.batches.get(0))).containsExactly(NOW);
    assertThat(ear.rejected).isEmpty();
    sink.commit();
    assertThat(report.join().isComplete()).isFalse();
    assertThat(report.join().rejections().describe(5)).startsWith("4 of 5 items rejected");
    assertThat(ear.rejected).containsExactly("NUL_CHARACTER 3", "TIMESTAMP_IN_FUTURE 1");
  }

  @Test
  void nothingUsableNeverReachesTheSink() {
    CompletableFuture<IngestReport> report = write(Batches.samplesAt(FUTURE), 1);
    assertThat(report.join().isComplete()).isFalse();
    assertThat(sink.batches).isEmpty();
    assertThat(ear.rejected).containsExactly("TIMESTAMP_IN_FUTURE 1");
  }

  /** Of a sender whose clock is wrong everything is refused: that is when one wants to know who. */
  @Test
  void refusedItemsAreCountedByTheirReplica() {
    WriteBatch batch =
        new ReplicaBatch()
            .samples("c", "a", FUTURE / 1e3, FUTURE / 1e3 + 1)
            .samples("c", "b", FUTURE / 1e3)
            .ofNobody(FUTURE / 1e3)
            .build();
    assertThat(write(batch, 4)).isDone();
    assertThat(ear.rejected).containsExactlyInAnyOrder("TIMESTAMP_IN_FUTURE 4", "c/a 2", "c/b 1");
  }

  @Test
  void emptyRequestSucceedsAtOnce() {
    assertThat(write(Batches.samplesAt(), 0).join().isComplete()).isTrue();
    assertThat(sink.batches).isEmpty();
  }

  @Test
  void metadataAloneIsStored() {
    WriteBatch batch = Batches.samplesAt();
    Batches.addMetadata(batch);
    assertThat(write(batch, 1)).isNotDone();
    assertThat(sink.batches).containsExactly(batch);
  }

  /** A retry will be judged anew, so what failed as a whole is not counted as rejected. */
  @Test
  void failureOfTheSinkIsTheFailureOfTheRequest() {
    rejections.add(RejectReason.NUL_CHARACTER, 1, () -> "x");
    CompletableFuture<IngestReport> report = write(Batches.samplesAt(NOW), 2);
    IngestFailure down = new IngestFailure(FailureKind.UNAVAILABLE, "down");
    sink.pending.completeExceptionally(down);
    assertThat(failureOf(report)).isSameAs(down);
    assertThat(ear.rejected).isEmpty();
  }

  @Test
  void refusalOfTheSinkIsTheFailureOfTheRequest() {
    IngestFailure full = new IngestFailure(FailureKind.OVERLOADED, "full");
    sink.refusal = full;
    assertThat(failureOf(write(Batches.samplesAt(NOW), 1))).isSameAs(full);
  }

  @Test
  void clocksThatDisagreeFailTheRequestBeforeTheSink() {
    databaseAhead = 20_000;
    IngestFailure failure = failureOf(write(Batches.samplesAt(FUTURE), 1));
    assertThat(failure.kind()).isEqualTo(FailureKind.UNAVAILABLE);
    assertThat(sink.batches).isEmpty();
  }

  @Test
  void listenerHearsTheWholeRequest() {
    assertThat(write(Batches.samplesAt(NOW, FUTURE, NOW), 3)).isNotDone();
    assertThat(ear.received).containsExactly(3);
  }

  private CompletableFuture<IngestReport> write(WriteBatch batch, long items) {
    BatchValidator validator =
        new BatchValidator(
            InstantSource.fixed(Instant.ofEpochMilli(NOW)),
            () -> databaseAhead,
            new EveryTimePrepared(),
            1_000);
    return new IngestPipeline(validator, BatchRouter.everything(sink), ear)
        .write(batch, rejections, items, 123, new byte[0])
        .toCompletableFuture();
  }

  private static IngestFailure failureOf(CompletableFuture<IngestReport> report) {
    ExecutionException e = catchThrowableOfType(ExecutionException.class, report::get);
    if (e.getCause() instanceof IngestFailure failure) {
      return failure;
    }
    throw new AssertionError("failed in another way", e);
  }

  private static final class ManualSink implements SampleSink {
    private final List<WriteBatch> batches = new ArrayList<>();
    private final CompletableFuture<Void> pending = new CompletableFuture<>();
    private @Nullable IngestFailure refusal;
    private int bytes;

    @Override
    public CompletionStage<Void> store(
        WriteBatch batch, List<LeaseClaim> claims, List<HeldRequest> left, int decodedBytes) {
      if (refusal != null) {
        throw refusal;
      }
      batches.add(batch);
      bytes = decodedBytes;
      return pending;
    }

    void commit() {
      pending.complete(null);
    }
  }

  private static final class Ear implements IngestListener {
    private final List<Integer> received = new ArrayList<>();
    private final List<String> rejected = new ArrayList<>();

    @Override
    public void received(WriteBatch batch) {
      received.add(batch.samples().size());
    }

    @Override
    public void rejected(RejectReason reason, long items) {
      rejected.add(reason + " " + items);
    }

    @Override
    public void rejectedOf(ReplicaIdentity sender, long items) {
      rejected.add(sender.cluster() + "/" + sender.replica() + " " + items);
    }
  }
}
