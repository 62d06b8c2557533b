package org.promscale.ingest;

import java.lang.reflect.Proxy;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.promscale.ha.ClusterState;
import org.promscale.ha.HaLabels;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.Hold;
import org.promscale.ha.Lease;
import org.promscale.ha.LeaseClaim;
import org.promscale.ha.PatchRun;
import org.promscale.ha.Progress;
import org.promscale.ha.Silence;
import org.promscale.ha.Steering;
import org.promscale.ha.Term;
import org.promscale.model.WriteBatch;
import org.promscale.storage.SeriesCache;
import org.promscale.testbed.KernelBodies;
import org.promscale.wire.BufferPool;
import org.promscale.wire.CompressedDecoder;
import org.promscale.wire.DecodedRequest;
import org.promscale.wire.WireLimits;

/**
 * A compressed request of a replica from its bytes to where it belongs, by the shipped parts, with
 * high availability: decompressed, decoded, attributed, looked up, validated, judged; a leader's
 * comes to the sink, which does nothing, a standby's into the hold, out of which it is taken again.
 */
@State(Scope.Thread)
public class RoutingBenchmark {

  private static final long NOW_MS = KernelBodies.START_MS + 20_000;
  private static final int TOLERANCE_MS = 600_000;

  private final List<byte[]> ofLeader = KernelBodies.compressed(KernelBodies.raw("a"));
  private final List<byte[]> ofStandby = KernelBodies.compressed(KernelBodies.raw("b"));
  private final SeriesCache cache = new SeriesCache(200_000);
  private final CompressedDecoder decoder =
      new CompressedDecoder(
          WireLimits.DEFAULT,
          new BufferPool(4, 4 << 20),
          HaLabels.parse("cluster/__replica__", HaLabels.MissingLabels.REJECT),
          cache,
          1,
          2);
  private final Hold hold = new Hold(64 << 20);
  private final IngestPipeline pipeline = pipeline();
  private long stored;
  private int next;

  /** Fills the cache, and finds out whether each request goes where it should. */
  public RoutingBenchmark() {
    for (byte[] body : ofLeader) {
      WriteBatch batch = decoder.decode(WriteBatch.DEFAULT_TENANT, body);
      for (int row = 0; row < batch.series().size(); row++) {
        cache.put(
            batch.series().hashHigh(row),
            batch.series().hashLow(row),
            cache.size() + 1,
            cache.epoch());
      }
    }
    for (int i = 0; i < KernelBodies.COUNT; i++) {
      write(ofLeader.get(i));
      write(ofStandby.get(i));
      if (stored != (long) KernelBodies.SAMPLES * (i + 1)
          || hold.items() != (long) KernelBodies.SAMPLES) {
        throw new IllegalStateException("stored " + stored + ", held " + hold.items());
      }
      emptyHold();
    }
  }

  private IngestPipeline pipeline() {
    InstantSource clock = InstantSource.fixed(Instant.ofEpochMilli(NOW_MS));
    BatchValidator validator =
        new BatchValidator(clock, () -> 0, new EveryTimePrepared(), TOLERANCE_MS);
    ClusterLeaders leaders =
        new ClusterLeaders(
            neverAsked(), Runnable::run, clock, () -> 0, () -> 0, HaListener.NONE, 10);
    leaders.adopt(List.of(ledByA()), 1, 0);
    LeaderRouter router =
        new LeaderRouter(
            leaders,
            this::store,
            (batch, order, bytes) -> {
              throw new IllegalStateException("nothing is to be filled");
            },
            hold,
            new RouterFixture.NoShelf(),
            new HeldBodies(decoder, validator),
            HaListener.NONE);
    return new IngestPipeline(validator, router, IngestListener.NONE);
  }

  /** The cluster is known, so that nothing is read. */
  private static LeaseStore neverAsked() {
    return (LeaseStore)
        Proxy.newProxyInstance(
            LeaseStore.class.getClassLoader(),
            new Class<?>[] {LeaseStore.class},
            (proxy, method, arguments) -> {
              throw new IllegalStateException("the database is asked: " + method.getName());
            });
  }

  private static ClusterState ledByA() {
    long frontierMs = KernelBodies.START_MS;
    return new ClusterState(
        1,
        WriteBatch.DEFAULT_TENANT,
        "eu-1",
        new Lease(
            1, "a", Lease.NO_TIME, Lease.NO_TIME, new UUID(0, 1), Silence.UNKNOWN, List.of(), 0),
        new Progress(frontierMs, frontierMs, 0, 5, frontierMs),
        List.of(),
        List.of(new Term(1, "a", Lease.NO_TIME, Term.OPEN)),
        List.of(),
        0,
        0,
        PatchRun.NONE,
        Steering.NONE,
        NOW_MS);
  }

  private CompletionStage<Void> store(
      WriteBatch batch, List<LeaseClaim> under, List<HeldRequest> withIt, int bytes) {
    stored += batch.samples().size();
    return CompletableFuture.completedFuture(null);
  }

  /** A leader's request. */
  @Benchmark
  @OperationsPerInvocation(KernelBodies.SAMPLES)
  public Object leader() {
    next = (next + 1) % KernelBodies.COUNT;
    return write(ofLeader.get(next));
  }

  /** A standby's request. */
  @Benchmark
  @OperationsPerInvocation(KernelBodies.SAMPLES)
  public Object standby() {
    next = (next + 1) % KernelBodies.COUNT;
    Object answer = write(ofStandby.get(next));
    emptyHold();
    return answer;
  }

  private IngestReport write(byte[] body) {
    int length = decoder.decodedLength(body, body.length);
    DecodedRequest request = decoder.decode(WriteBatch.DEFAULT_TENANT, body, body.length, length);
    byte[] kept = Arrays.copyOf(body, body.length);
    return pipeline
        .write(request.batch(), request.rejections(), request.items(), length, kept)
        .toCompletableFuture()
        .join();
  }

  private void emptyHold() {
    hold.of(1).forEach(hold::remove);
  }
}
