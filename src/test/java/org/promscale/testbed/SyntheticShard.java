package org.promscale.testbed;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.promscale.wire.proto.RemoteWriteV1.TimeSeries;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/**
 * One shard of a synthetic replica: the series whose number modulo the number of shards is its own.
 * Runs on one thread; the counts may be read from any.
 */
final class SyntheticShard implements Runnable {

  private static final long FIRST_BACKOFF_NANOS = TimeUnit.MILLISECONDS.toNanos(30);

  private final SyntheticPlan plan;
  private final int shard;
  private final Supplier<URI> address;
  private final RemoteWriteClient client;
  private final List<TimeSeries> series = new ArrayList<>();
  private final BitSet acknowledged = new BitSet();
  private volatile boolean ending;
  private volatile boolean dead;
  private final AtomicLong retries = new AtomicLong();
  private final AtomicLong requestsDropped = new AtomicLong();
  private final AtomicLong requestsAcknowledged = new AtomicLong();
  private volatile String lastTrouble = "";
  private volatile String lastDrop = "";

  SyntheticShard(SyntheticPlan plan, int shard, Supplier<URI> address, RemoteWriteClient client) {
    this.plan = plan;
    this.shard = shard;
    this.address = address;
    this.client = client;
    for (int i = shard; i < plan.series(); i += plan.shards()) {
      series.add(plan.seriesWithoutSamples(i));
    }
  }

  @Override
  public void run() {
    long start = System.nanoTime();
    for (int request = 0; !ending; request++) {
      parkUntil(start + request * plan.pace().toNanos());
      if (!ending) {
        int firstRound = request * plan.roundsPerRequest();
        sendUntilAnswered(firstRound, body(firstRound));
      }
    }
  }

  /** Sends no further request; the one in flight is repeated until it is answered. */
  void end() {
    ending = true;
  }

  /** Repeats nothing any more, like a sender that dies. */
  void die() {
    ending = true;
    dead = true;
  }

  synchronized void forEachAcknowledged(Consumer<SamplePoint> consumer) {
    for (int i = 0; i < series.size(); i++) {
      int index = shard + i * plan.shards();
      String name = SamplePoint.series(plan.labelsOf(index));
      acknowledged.stream()
          .mapToObj(
              round ->
                  new SamplePoint(
                      name,
                      plan.timestampMs(round),
                      Double.doubleToRawLongBits(plan.value(index, round))))
          .forEach(consumer);
    }
  }

  long requestsAcknowledged() {
    return requestsAcknowledged.get();
  }

  long requestsDropped() {
    return requestsDropped.get();
  }

  long retries() {
    return retries.get();
  }

  String lastDrop() {
    return lastDrop;
  }

  String lastTrouble() {
    return lastTrouble;
  }

  private byte[] body(int firstRound) {
    WriteRequest.Builder request = WriteRequest.newBuilder();
    for (int round = firstRound; round < firstRound + plan.roundsPerRequest(); round++) {
      for (int i = 0; i < series.size(); i++) {
        int index = shard + i * plan.shards();
        request.addTimeseries(
            series.get(i).toBuilder()
                .addSamples(WireLabels.sample(plan.timestampMs(round), plan.value(index, round))));
      }
    }
    return RemoteWriteClient.encode(request.build());
  }

  private void sendUntilAnswered(int firstRound, byte[] body) {
    long backoff = FIRST_BACKOFF_NANOS;
    while (!dead) {
      try {
        RemoteWriteClient.Answer answer = client.post(address.get(), body);
        if (answer.isAcknowledged()) {
          remember(firstRound);
          return;
        }
        lastTrouble = answer.status() + " " + answer.body();
        if (!answer.isRetried()) {
          requestsDropped.incrementAndGet();
          lastDrop = lastTrouble;
          return;
        }
      } catch (IOException e) {
        lastTrouble = e.toString();
      }
      retries.incrementAndGet();
      parkUntil(System.nanoTime() + backoff);
      backoff = Math.min(2 * backoff, plan.longestBackoff().toNanos());
    }
  }

  private synchronized void remember(int firstRound) {
    acknowledged.set(firstRound, firstRound + plan.roundsPerRequest());
    requestsAcknowledged.incrementAndGet();
  }

  private void parkUntil(long nanoTime) {
    for (long left = nanoTime - System.nanoTime();
        left > 0 && !dead;
        left = nanoTime - System.nanoTime()) {
      // In short pieces, so that the end of the replica is seen.
      LockSupport.parkNanos(Math.min(left, TimeUnit.MILLISECONDS.toNanos(50)));
    }
  }
}
