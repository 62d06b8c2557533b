package org.promscale.load;

import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * All shards of the load. Bodies are made before they are sent, so that making them takes nothing
 * from the cores while a receiver is measured; or, for long runs at a pace, when they are due. One
 * thread at a time.
 */
final class Sender implements Closeable {

  private final LoadShape shape;
  private final URI target;
  private final List<ShardBodies> makers = new ArrayList<>();
  private final List<Queue<byte[]>> prepared = new ArrayList<>();
  private final List<ShardSender> shards = new ArrayList<>();
  private final ExecutorService threads;
  private final AtomicLong bodyBytes = new AtomicLong();
  private long bodyCount;
  private volatile boolean live;

  /** Makes a sender that has nothing to send yet. */
  Sender(LoadShape shape, URI target) {
    this.shape = shape;
    this.target = target;
    this.threads = Executors.newFixedThreadPool(shape.shards());
    for (int shard = 0; shard < shape.shards(); shard++) {
      ShardBodies maker = new ShardBodies(shape, shard);
      Queue<byte[]> queue = new ArrayDeque<>();
      makers.add(maker);
      prepared.add(queue);
      shards.add(
          new ShardSender(
              target,
              () -> {
                byte[] body = queue.poll();
                return body == null && live ? maker.nextBody() : body;
              }));
    }
  }

  /** From now on a body is made when it is due, if none is left that {@link #prepare} has made. */
  void goLive() {
    live = true;
  }

  /** Makes bodies until at least so many samples are ready to be sent. */
  void prepare(long samples) throws IOException {
    long once = (long) shape.samplesPerRequest() * shape.shards();
    long each = (samples + once - 1) / once;
    List<Callable<Long>> tasks = new ArrayList<>();
    for (int shard = 0; shard < shape.shards(); shard++) {
      ShardBodies maker = makers.get(shard);
      Queue<byte[]> queue = prepared.get(shard);
      tasks.add(
          () -> {
            long made = 0;
            while (queue.size() < each) {
              byte[] body = maker.nextBody();
              bodyBytes.addAndGet(body.length);
              queue.add(body);
              made++;
            }
            return made;
          });
    }
    for (long made : all(tasks)) {
      bodyCount += made;
    }
  }

  /**
   * Sends until the time is up or nothing is left, and returns after the last answer.
   *
   * @param samplesPerSecond pace; 0 sends as fast as answers come
   */
  List<ShardResult> send(double seconds, long samplesPerSecond) throws IOException {
    long end = System.nanoTime() + (long) (seconds * 1e9);
    long nanosPerRequest =
        samplesPerSecond == 0
            ? 0
            : TimeUnit.SECONDS.toNanos(1)
                * shape.samplesPerRequest()
                * shape.shards()
                / samplesPerSecond;
    List<Callable<ShardResult>> tasks = new ArrayList<>();
    for (ShardSender shard : shards) {
      tasks.add(() -> shard.sendUntil(end, nanosPerRequest));
    }
    List<ShardResult> results = all(tasks);
    // A server closes idle connections: found out only at the next request, it looks like a retry.
    disconnect();
    return results;
  }

  /** Returns one that sends the same series a day earlier, in requests of this size. */
  Sender earlier(int samplesPerRequest) {
    long startMs = shape.startMs() - Duration.ofDays(1).toMillis();
    return new Sender(shape.withRequests(samplesPerRequest, startMs), target);
  }

  /** From now on the round under way is the one of this sample time. */
  void alignTo(long timeMs) {
    makers.forEach(maker -> maker.alignTo(timeMs));
  }

  /** Replaces so many machines, the oldest first, by new ones from the next sample on. */
  void moveOn(int machines) {
    makers.forEach(maker -> maker.moveOn(machines));
  }

  /** Returns the samples in these results. */
  long samples(List<ShardResult> results) {
    return results.stream().mapToLong(ShardResult::requests).sum() * shape.samplesPerRequest();
  }

  /** Returns the mean size of a prepared body in bytes. */
  long meanBodyBytes() {
    return bodyBytes.get() / Math.max(1, bodyCount);
  }

  /** Returns the number of bodies that were prepared. */
  long bodyCount() {
    return bodyCount;
  }

  @Override
  public void close() throws IOException {
    threads.shutdownNow();
    disconnect();
  }

  private void disconnect() throws IOException {
    for (ShardSender shard : shards) {
      shard.disconnect();
    }
  }

  private <T> List<T> all(List<Callable<T>> tasks) throws IOException {
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> future : threads.invokeAll(tasks)) {
        results.add(future.get());
      }
      return results;
    } catch (ExecutionException e) {
      throw new IOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
