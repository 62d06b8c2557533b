package org.promscale.testbed;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.promscale.wire.proto.RemoteWriteV1.TimeSeries;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/**
 * One shard of a synthetic replica: the series whose number modulo the number of shards is its own.
 * Runs on one thread; everything else may be called from any.
 */
final class SyntheticShard implements Runnable {

  private static final long FIRST_BACKOFF_NANOS = TimeUnit.MILLISECONDS.toNanos(30);

  private final SyntheticPlan plan;
  private final int shard;
  private final Supplier<URI> address;
  private final RemoteWriteClient client;
  private final List<TimeSeries> series = new ArrayList<>();
  private final BitSet acknowledged = new BitSet();
  private final int firstRound;
  private volatile boolean ending;
  private volatile boolean dead;
  private volatile boolean cutOff;
  private volatile boolean stalled;
  private volatile long lastScrapeMs = Long.MAX_VALUE;
  private final AtomicLong retries = new AtomicLong();
  private final AtomicLong requestsDropped = new AtomicLong();
  private final AtomicLong requestsAcknowledged = new AtomicLong();
  private final Map<String, Long> refusals = new ConcurrentHashMap<>();
  private volatile String lastTrouble = "";
  private volatile String lastDrop = "";

  SyntheticShard(SyntheticPlan plan, int shard, Supplier<URI> address, RemoteWriteClient client) {
    this.plan = plan;
    this.shard = shard;
    this.address = address;
    this.client = client;
    this.firstRound = plan.member().isPresent() ? plan.roundsUntil(System.currentTimeMillis()) : 0;
    for (int i = shard; i < plan.series(); i += plan.shards()) {
      series.add(plan.seriesWithoutSamples(i));
    }
  }

  @Override
  public void run() {
    if (plan.member().isPresent()) {
      keepWallTime(plan.member().get().mostRounds());
    } else {
      keepPace();
    }
  }

  private void keepPace() {
    long start = System.nanoTime();
    for (int request = 0; !ending; request++) {
      parkUntil(start + request * plan.pace().toNanos());
      if (!ending) {
        int first = request * plan.roundsPerRequest();
        sendUntilAnswered(first, plan.roundsPerRequest());
      }
    }
  }

  /** Scraping goes on while requests fail; at the end the queue is emptied. */
  private void keepWallTime(int mostRounds) {
    int next = firstRound;
    while (!dead) {
      // In this order: once the end is seen, its time is known.
      boolean last = ending;
      int queued = scraped() - next;
      if (queued >= plan.roundsPerRequest() || (last && queued > 0)) {
        int rounds = Math.min(queued, mostRounds);
        sendUntilAnswered(next, rounds);
        next += rounds;
      } else if (last) {
        return;
      } else {
        long missingMs =
            plan.timestampMs(next + plan.roundsPerRequest() - 1) - System.currentTimeMillis();
        parkUntil(
            System.nanoTime()
                + TimeUnit.MILLISECONDS.toNanos(Math.max(1, Math.min(missingMs, 50))));
      }
    }
  }

  private int scraped() {
    return Math.max(
        firstRound, plan.roundsUntil(Math.min(System.currentTimeMillis(), lastScrapeMs)));
  }

  /** Sends nothing new; what is in flight or in the queue is repeated until it is answered. */
  void end() {
    lastScrapeMs = Math.min(lastScrapeMs, System.currentTimeMillis());
    ending = true;
  }

  /** Repeats nothing any more, like a sender that dies; the queue is lost. */
  void die() {
    end();
    dead = true;
  }

  /** Lets no new request through; those on their way are not touched. */
  void cutOff(boolean whether) {
    cutOff = whether;
  }

  /** Sends nothing while it is stalled. */
  void stall(boolean whether) {
    stalled = whether;
  }

  synchronized void forEachAcknowledged(Consumer<SamplePoint> consumer) {
    forEach(acknowledged, consumer);
  }

  /** Gives every sample scraped so far; only of a member of a cluster. */
  void forEachScraped(Consumer<SamplePoint> consumer) {
    BitSet rounds = new BitSet();
    rounds.set(firstRound, scraped());
    forEach(rounds, consumer);
  }

  private void forEach(BitSet rounds, Consumer<SamplePoint> consumer) {
    for (int i = 0; i < series.size(); i++) {
      int index = shard + i * plan.shards();
      String name = SamplePoint.series(plan.labelsOf(index));
      rounds.stream()
          .mapToObj(
              round ->
                  new SamplePoint(
                      name,
                      plan.timestampMs(round),
                      Double.doubleToRawLongBits(plan.value(index, round))))
          .forEach(consumer);
    }
  }

  /** Returns the time of its first round. */
  long firstMs() {
    return plan.timestampMs(firstRound);
  }

  /** Returns the time of the newest acknowledged sample, a step before the first without one. */
  synchronized long acknowledgedUntilMs() {
    return plan.timestampMs(Math.max(firstRound, acknowledged.length()) - 1L);
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

  /** Returns how often which status was answered instead of success, "none" for no answer. */
  Map<String, Long> refusals() {
    return Map.copyOf(refusals);
  }

  String lastDrop() {
    return lastDrop;
  }

  String lastTrouble() {
    return lastTrouble;
  }

  private byte[] body(int first, int rounds) {
    WriteRequest.Builder request = WriteRequest.newBuilder();
    for (int round = first; round < first + rounds; round++) {
      for (int i = 0; i < series.size(); i++) {
        int index = shard + i * plan.shards();
        request.addTimeseries(
            series.get(i).toBuilder()
                .addSamples(WireLabels.sample(plan.timestampMs(round), plan.value(index, round))));
      }
    }
    return RemoteWriteClient.encode(request.build());
  }

  private void sendUntilAnswered(int first, int rounds) {
    byte[] body = body(first, rounds);
    long backoff = FIRST_BACKOFF_NANOS;
    while (!dead) {
      try {
        RemoteWriteClient.Answer answer = post(body);
        if (answer.isAcknowledged()) {
          remember(first, rounds);
          return;
        }
        lastTrouble = answer.status() + " " + answer.body();
        refusals.merge(String.valueOf(answer.status()), 1L, Long::sum);
        if (!answer.isRetried()) {
          requestsDropped.incrementAndGet();
          lastDrop = lastTrouble;
          return;
        }
      } catch (IOException e) {
        lastTrouble = e.toString();
        refusals.merge("none", 1L, Long::sum);
      }
      retries.incrementAndGet();
      parkUntil(System.nanoTime() + backoff);
      backoff = Math.min(2 * backoff, plan.longestBackoff().toNanos());
    }
  }

  private RemoteWriteClient.Answer post(byte[] body) throws IOException {
    while (stalled && !dead) {
      parkUntil(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(50));
    }
    if (cutOff || dead) {
      throw new IOException("cut off");
    }
    return client.post(address.get(), body);
  }

  private synchronized void remember(int first, int rounds) {
    acknowledged.set(first, first + rounds);
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
