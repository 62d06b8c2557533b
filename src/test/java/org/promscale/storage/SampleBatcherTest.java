package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.promscale.testbed.Await;

class SampleBatcherTest {

  private static final long PATIENCE_MILLIS = 20_000;

  private static final BatchPolicy ONE_WRITER = new BatchPolicy(1, 1_000, 10);

  /** Runs tasks when the test says so. */
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();

  private final List<List<PendingBatch>> groups = new ArrayList<>();

  private void storing(int writer, List<PendingBatch> group) {
    groups.add(group);
    group.forEach(p -> p.done().complete(null));
  }

  private SampleBatcher batcher(BatchPolicy policy) {
    return new SampleBatcher(tasks::add, this::storing, policy, () -> 0L);
  }

  /** Its first group fails as the fault does, the others are stored. */
  private SampleBatcher failingFirst(BatchPolicy policy, Runnable fault) {
    ArrayDeque<Runnable> faults = new ArrayDeque<>(List.of(fault));
    return new SampleBatcher(
        tasks::add,
        (writer, group) -> {
          if (!faults.isEmpty()) {
            faults.remove().run();
          }
          storing(writer, group);
        },
        policy,
        () -> 0L);
  }

  /** Its writers are busy until the test completes what it adds to the list for each group. */
  private SampleBatcher overlapping(BatchPolicy policy, List<CompletableFuture<Void>> underWay) {
    return SampleBatcher.overlapping(
        Runnable::run,
        (writer, group) -> {
          storing(writer, group);
          underWay.add(new CompletableFuture<>());
          return underWay.get(underWay.size() - 1);
        },
        policy,
        () -> 0L);
  }

  private static CompletionStage<Void> send(SampleBatcher batcher, int samples, int bytes) {
    Batches batch = new Batches();
    for (int i = 0; i < samples; i++) {
      batch.known(1, i, i);
    }
    return batcher.store(batch.build(), List.of(), List.of(), bytes);
  }

  private static FailureKind failureOf(CompletionStage<Void> stage) {
    ExecutionException failure =
        catchThrowableOfType(
            ExecutionException.class, () -> stage.toCompletableFuture().get(0, TimeUnit.SECONDS));
    if (failure.getCause() instanceof IngestFailure known) {
      return known.kind();
    }
    throw new AssertionError("failed in another way", failure);
  }

  @Test
  @DisplayName("Nothing is answered before it is stored")
  void waitsForTheStore() {
    SampleBatcher batcher = batcher(ONE_WRITER);
    CompletionStage<Void> answer = send(batcher, 1, 1);
    assertThat(answer.toCompletableFuture()).isNotDone();
    tasks.remove().run();
    assertThat(answer.toCompletableFuture()).isCompleted();
  }

  @Test
  @DisplayName("Requests that gather while the writer is away become one group")
  void groups() {
    SampleBatcher batcher = batcher(ONE_WRITER);
    for (int i = 0; i < 5; i++) {
      var unused = send(batcher, 1, 1);
    }
    assertThat(tasks).hasSize(1);
    tasks.remove().run();
    assertThat(groups).hasSize(1);
    assertThat(groups.get(0)).hasSize(5);
  }

  @Test
  @DisplayName("A group ends at the row limit, but a larger request still goes, alone")
  void respectsRowLimit() {
    SampleBatcher batcher = batcher(ONE_WRITER);
    for (int samples : new int[] {6, 6, 25, 4, 6}) {
      var unused = send(batcher, samples, 1);
    }
    tasks.remove().run();
    assertThat(groups.stream().map(List::size)).containsExactly(1, 1, 1, 2);
  }

  @Test
  @DisplayName("No more writers start than the policy allows, and none while nothing is queued")
  void limitsWriters() {
    SampleBatcher batcher = batcher(new BatchPolicy(2, 1_000, 10));
    for (int i = 0; i < 5; i++) {
      var unused = send(batcher, 1, 1);
    }
    assertThat(tasks).hasSize(2);
    tasks.remove().run();
    tasks.remove().run();
    var unused = send(batcher, 1, 1);
    assertThat(tasks).hasSize(1);
  }

  @Test
  @DisplayName(
      "Beyond the queue's bytes a request is refused as overload, a single large one is not")
  void pushesBack() {
    SampleBatcher batcher = batcher(ONE_WRITER);
    assertThat(send(batcher, 1, 5_000).toCompletableFuture()).isNotDone();
    assertThat(failureOf(send(batcher, 1, 1))).isEqualTo(FailureKind.OVERLOADED);
    tasks.remove().run();
    assertThat(batcher.queuedBytes()).isZero();
    assertThat(send(batcher, 1, 1).toCompletableFuture()).isNotDone();
  }

  @Test
  @DisplayName("A store that throws fails its requests and the writer goes on")
  void survivesThrowingStore() {
    SampleBatcher batcher =
        failingFirst(
            new BatchPolicy(1, 1_000, 1),
            () -> {
              throw new IllegalStateException("x");
            });
    CompletionStage<Void> first = send(batcher, 1, 1);
    CompletionStage<Void> second = send(batcher, 1, 1);
    tasks.remove().run();
    assertThat(failureOf(first)).isEqualTo(FailureKind.UNAVAILABLE);
    assertThat(second.toCompletableFuture()).isCompleted();
  }

  @Test
  @DisplayName("An executor that refuses fails the request instead of leaving it waiting")
  void survivesRefusingExecutor() {
    SampleBatcher batcher =
        new SampleBatcher(
            task -> {
              throw new RejectedExecutionException("stopping");
            },
            this::storing,
            ONE_WRITER,
            () -> 0L);
    assertThat(failureOf(send(batcher, 1, 1))).isEqualTo(FailureKind.UNAVAILABLE);
  }

  @Test
  @DisplayName("A closed batcher takes nothing, and closing waits for what is queued")
  void closes() throws InterruptedException {
    SampleBatcher batcher = batcher(ONE_WRITER);
    CompletionStage<Void> queued = send(batcher, 1, 1);
    Thread writer = new Thread(tasks.remove());
    writer.start();
    assertThat(batcher.close(10_000)).isTrue();
    writer.join();
    assertThat(queued.toCompletableFuture()).isCompleted();
    assertThat(failureOf(send(batcher, 1, 1))).isEqualTo(FailureKind.UNAVAILABLE);
  }

  @Test
  @DisplayName("A writer that has just stored takes the next request without being started again")
  void staysForTheNextRequest() throws Exception {
    AtomicInteger started = new AtomicInteger();
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      SampleBatcher batcher =
          new SampleBatcher(
              task -> {
                started.incrementAndGet();
                threads.execute(task);
              },
              this::storing,
              new BatchPolicy(2, 1_000, 10, PATIENCE_MILLIS),
              System::nanoTime);
      for (int i = 0; i < 20; i++) {
        send(batcher, 1, 1).toCompletableFuture().get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        // It may be on its way back from the answer: then a second one is started.
      }
      assertThat(started).hasValueBetween(1, 2);
      long before = System.nanoTime();
      assertThat(batcher.close(PATIENCE_MILLIS)).isTrue();
      assertThat(System.nanoTime() - before)
          .as("nanoseconds until a writer that waits has ended")
          .isLessThan(TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS) / 2);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  @DisplayName("A writer that finds nothing gives its thread back after a while")
  void goesAfterAWhile() throws Exception {
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      List<Future<?>> writers = new ArrayList<>();
      SampleBatcher batcher =
          new SampleBatcher(
              task -> writers.add(threads.submit(task)),
              this::storing,
              new BatchPolicy(1, 1_000, 10, 5),
              System::nanoTime);
      send(batcher, 1, 1).toCompletableFuture().get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      writers.get(0).get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      send(batcher, 1, 1).toCompletableFuture().get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      assertThat(writers).hasSize(2);
    } finally {
      threads.shutdownNow();
    }
  }

  private static CompletionStage<Void> sendNew(SampleBatcher batcher, String metric) {
    return batcher.store(Batches.unknown().sample(metric, 0, 0).build(), List.of(), List.of(), 1);
  }

  private List<String> kinds() {
    return groups.stream()
        .map(group -> group.stream().map(p -> p.registers() ? "new" : "known").toList())
        .map(kinds -> String.join(" ", kinds))
        .toList();
  }

  @Test
  @DisplayName("Requests with new series are in groups of their own; the oldest request goes first")
  void registersApart() {
    SampleBatcher batcher = batcher(ONE_WRITER);
    var unused = send(batcher, 1, 1);
    unused = sendNew(batcher, "a");
    unused = send(batcher, 1, 1);
    unused = sendNew(batcher, "b");
    tasks.remove().run();
    assertThat(kinds()).containsExactly("known known", "new new");
    unused = sendNew(batcher, "c");
    unused = send(batcher, 1, 1);
    unused = sendNew(batcher, "d");
    tasks.remove().run();
    assertThat(kinds()).containsExactly("known known", "new new", "new new", "known");
    assertThat(batcher.queuedBytes()).isZero();
  }

  @Test
  @DisplayName(
      "One of several writers is always free of new series, and what waits is stored later")
  void oneWriterStaysFree() {
    List<CompletableFuture<Void>> underWay = new ArrayList<>();
    SampleBatcher batcher = overlapping(new BatchPolicy(3, 1_000, 1), underWay);
    for (String metric : List.of("a", "b", "c", "d")) {
      var unused = sendNew(batcher, metric);
    }
    assertThat(kinds()).containsExactly("new", "new");
    var unused = send(batcher, 1, 1);
    assertThat(kinds()).containsExactly("new", "new", "known");
    unused = send(batcher, 1, 1);
    underWay.get(2).complete(null);
    assertThat(kinds()).containsExactly("new", "new", "known", "known");
    unused = send(batcher, 1, 1);
    underWay.get(0).complete(null);
    assertThat(kinds()).containsExactly("new", "new", "known", "known", "new");
    underWay.get(1).completeExceptionally(new IllegalStateException("x"));
    assertThat(kinds().subList(5, kinds().size())).containsExactly("new");
    underWay.get(4).complete(null);
    assertThat(kinds().subList(6, kinds().size())).containsExactly("known");
    assertThat(batcher.queuedRequests()).isZero();
  }

  @Test
  @DisplayName("A writer that has registered series leaves the rest of them to another one")
  void anotherGoesOn() {
    List<CompletableFuture<Void>> underWay = new ArrayList<>();
    SampleBatcher batcher = overlapping(new BatchPolicy(2, 1_000, 1), underWay);
    var unused = send(batcher, 1, 1);
    unused = sendNew(batcher, "a");
    unused = send(batcher, 1, 1);
    unused = sendNew(batcher, "b");
    underWay.get(0).complete(null);
    assertThat(kinds()).containsExactly("known", "new", "known");
    // Its thread ends with nothing left that it may take.
    underWay.get(2).complete(null);
    unused = sendNew(batcher, "c");
    underWay.get(1).complete(null);
    assertThat(kinds()).containsExactly("known", "new", "known", "new");
    unused = send(batcher, 1, 1);
    unused = send(batcher, 1, 1);
    underWay.get(4).complete(null);
    underWay.get(3).complete(null);
    assertThat(kinds().subList(4, kinds().size())).containsExactly("known", "known", "new");
  }

  @Test
  @DisplayName("An error of a store gives the leave to register back")
  void errorGivesLeaveBack() {
    SampleBatcher batcher =
        failingFirst(
            new BatchPolicy(2, 1_000, 1),
            () -> {
              throw new LinkageError("x");
            });
    CompletionStage<Void> first = sendNew(batcher, "a");
    assertThatThrownBy(() -> tasks.remove().run()).isInstanceOf(LinkageError.class);
    assertThat(failureOf(first)).isEqualTo(FailureKind.UNAVAILABLE);
    CompletionStage<Void> second = sendNew(batcher, "b");
    tasks.remove().run();
    assertThat(second.toCompletableFuture()).isCompleted();
  }

  @Test
  @DisplayName("A writer that waits beside new series takes what is known at once")
  void waitingWriterTakesWhatIsKnown() throws Exception {
    CountDownLatch registering = new CountDownLatch(1);
    CountDownLatch registered = new CountDownLatch(1);
    AtomicReference<Thread> storedBy = new AtomicReference<>();
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      SampleBatcher batcher =
          new SampleBatcher(
              threads,
              (writer, group) -> {
                if (group.get(0).registers()) {
                  registering.countDown();
                  awaitQuietly(registered);
                } else {
                  storedBy.set(Thread.currentThread());
                }
                group.forEach(p -> p.done().complete(null));
              },
              new BatchPolicy(2, 1_000, 10, PATIENCE_MILLIS),
              System::nanoTime);
      CompletionStage<Void> first = sendNew(batcher, "a");
      registering.await();
      CompletionStage<Void> second = sendNew(batcher, "b");
      send(batcher, 1, 1).toCompletableFuture().get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      Await.until(
          "its writer waits for more",
          Duration.ofMillis(PATIENCE_MILLIS),
          () -> Objects.requireNonNull(storedBy.get()).getState() == Thread.State.TIMED_WAITING);
      send(batcher, 1, 1).toCompletableFuture().get(PATIENCE_MILLIS / 2, TimeUnit.MILLISECONDS);
      registered.countDown();
      first.toCompletableFuture().get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      second.toCompletableFuture().get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    } finally {
      registered.countDown();
      threads.shutdownNow();
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
