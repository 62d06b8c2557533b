package org.promscale.load;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** All shards of the load. One thread at a time. */
final class Sender implements AutoCloseable {

  private final LoadSettings settings;
  private final List<ShardSender> shards = new ArrayList<>();
  private final ExecutorService threads;
  private long bodyBytes;
  private long bodyCount;

  /** Scrapes an exporter and makes every body of the run. */
  Sender(LoadSettings settings, URI target) throws IOException {
    this.settings = settings;
    this.threads = Executors.newFixedThreadPool(settings.shards());
    List<ExporterSeries> series = series();
    long rounds = settings.samplesToPrepare() / settings.series() + 1;
    long startMs = System.currentTimeMillis() - rounds * settings.stepMs();
    long requests =
        settings.samplesToPrepare() / settings.samplesPerRequest() / settings.shards() + 1;
    long nanosPerRequest =
        settings.samplesPerSecond() == 0
            ? 0
            : TimeUnit.SECONDS.toNanos(1)
                * settings.samplesPerRequest()
                * settings.shards()
                / settings.samplesPerSecond();
    for (int shard = 0; shard < settings.shards(); shard++) {
      List<ExporterSeries> own = new ArrayList<>();
      for (int i = shard; i < series.size(); i += settings.shards()) {
        own.add(series.get(i));
      }
      ShardBodies maker =
          new ShardBodies(own, settings.samplesPerRequest(), startMs, settings.stepMs());
      List<byte[]> bodies = new ArrayList<>();
      for (long i = 0; i < requests; i++) {
        byte[] body = maker.nextBody();
        bodyBytes += body.length;
        bodies.add(body);
      }
      bodyCount += requests;
      shards.add(new ShardSender(target, bodies, nanosPerRequest));
    }
  }

  /** Sends for this time and returns after the last answer. */
  List<ShardResult> send(int seconds) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    List<Future<ShardResult>> running = new ArrayList<>();
    for (ShardSender shard : shards) {
      running.add(threads.submit(() -> shard.sendUntil(end)));
    }
    List<ShardResult> results = new ArrayList<>();
    for (Future<ShardResult> result : running) {
      try {
        results.add(result.get());
      } catch (ExecutionException e) {
        throw new IOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      }
    }
    return results;
  }

  /** Returns the mean size of a request's compressed body in bytes. */
  long meanBodyBytes() {
    return bodyBytes / bodyCount;
  }

  /** Returns the number of different bodies. */
  long bodyCount() {
    return bodyCount;
  }

  @Override
  public void close() throws IOException {
    threads.shutdownNow();
    for (ShardSender shard : shards) {
      shard.disconnect();
    }
  }

  /** The series of one exporter, repeated for as many instances as it takes. */
  private List<ExporterSeries> series() throws IOException {
    List<ExporterSeries> scraped = ExporterSeries.scrape();
    List<ExporterSeries> all = new ArrayList<>();
    for (int i = 0; i < settings.series(); i++) {
      Map<String, String> labels = new TreeMap<>();
      labels.put("job", "node");
      labels.put("instance", "node-" + i / scraped.size() + ".example.org:9100");
      if (!settings.cluster().isEmpty()) {
        labels.put("cluster", settings.cluster());
      }
      if (!settings.replica().isEmpty()) {
        labels.put("__replica__", settings.replica());
      }
      all.add(scraped.get(i % scraped.size()).with(labels));
    }
    return all;
  }
}
