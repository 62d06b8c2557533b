package org.promscale.testbed;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * A sender that behaves as Prometheus does: shards, order per series, one request in flight per
 * shard, the same bytes again after a 5xx or a broken connection, no second try after a 4xx. It
 * remembers what was acknowledged. Thread-safe.
 */
public final class SyntheticReplica implements AutoCloseable {

  private final List<SyntheticShard> shards = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();

  private SyntheticReplica(SyntheticPlan plan, Supplier<URI> address) {
    RemoteWriteClient client = new RemoteWriteClient(plan.requestTimeout());
    for (int i = 0; i < plan.shards(); i++) {
      SyntheticShard shard = new SyntheticShard(plan, i, address, client);
      Thread thread = new Thread(shard, "replica-" + plan.author() + "-shard-" + i);
      thread.setDaemon(true);
      shards.add(shard);
      threads.add(thread);
    }
  }

  /**
   * Starts sending.
   *
   * @param address asked before every try, so that a replica can move to another connector
   */
  public static SyntheticReplica start(SyntheticPlan plan, Supplier<URI> address) {
    SyntheticReplica replica = new SyntheticReplica(plan, address);
    replica.threads.forEach(Thread::start);
    return replica;
  }

  /** Sends nothing new and waits until the requests in flight, and the queue, are answered. */
  public void finish(Duration atMost) {
    stopScraping();
    awaitThreads(atMost);
  }

  /** Scrapes nothing new; what is in flight or in the queue is still sent. */
  public void stopScraping() {
    shards.forEach(SyntheticShard::end);
  }

  /** Tells whether everything was answered after {@link #stopScraping}. */
  public boolean hasFinished() {
    return threads.stream().noneMatch(Thread::isAlive);
  }

  /** Ends as a killed sender does: nothing is repeated, the queue is lost. */
  public void die() {
    shards.forEach(SyntheticShard::die);
  }

  /** Takes the way to the connectors away; a member of a cluster goes on filling its queue. */
  public void cutOff() {
    shards.forEach(shard -> shard.cutOff(true));
  }

  /** Gives the way to the connectors back. */
  public void reconnect() {
    shards.forEach(shard -> shard.cutOff(false));
  }

  /** Lets one shard send nothing, while the others go on. */
  public void stall(int shard) {
    shards.get(shard).stall(true);
  }

  /** Lets a stalled shard go on. */
  public void unstall(int shard) {
    shards.get(shard).stall(false);
  }

  /** Returns every sample that was answered with success. */
  public Set<SamplePoint> acknowledged() {
    Set<SamplePoint> points = new HashSet<>();
    shards.forEach(shard -> shard.forEachAcknowledged(points::add));
    return points;
  }

  /** Returns every sample that a member of a cluster has scraped, sent or not. */
  public Set<SamplePoint> scraped() {
    Set<SamplePoint> points = new HashSet<>();
    shards.forEach(shard -> shard.forEachScraped(points::add));
    return points;
  }

  /** Returns the time of the first round. */
  public long firstMs() {
    return shards.stream().mapToLong(SyntheticShard::firstMs).min().orElseThrow();
  }

  /**
   * Returns the time up to which every series is acknowledged, a step before the first round if one
   * is not at all.
   */
  public long acknowledgedUntilMs() {
    return shards.stream().mapToLong(SyntheticShard::acknowledgedUntilMs).min().orElseThrow();
  }

  /** Returns the number of requests that were answered with success. */
  public long requestsAcknowledged() {
    return shards.stream().mapToLong(SyntheticShard::requestsAcknowledged).sum();
  }

  /** Returns the number of requests that were answered with a 4xx and given up. */
  public long requestsDropped() {
    return shards.stream().mapToLong(SyntheticShard::requestsDropped).sum();
  }

  /** Returns the number of tries after the first. */
  public long retries() {
    return shards.stream().mapToLong(SyntheticShard::retries).sum();
  }

  /** Returns how often which status was answered instead of success, "none" for no answer. */
  public Map<String, Long> refusals() {
    Map<String, Long> sums = new TreeMap<>();
    shards.forEach(shard -> shard.refusals().forEach((k, v) -> sums.merge(k, v, Long::sum)));
    return sums;
  }

  /** Returns the last error of every shard that had one. */
  public String lastTrouble() {
    return texts(SyntheticShard::lastTrouble);
  }

  /** Returns the last answer for which a shard gave up a request, of every shard that did. */
  public String lastDrop() {
    return texts(SyntheticShard::lastDrop);
  }

  private String texts(Function<SyntheticShard, String> text) {
    return shards.stream()
        .map(text)
        .filter(one -> !one.isEmpty())
        .distinct()
        .collect(Collectors.joining("; "));
  }

  @Override
  public void close() {
    die();
    threads.forEach(Thread::interrupt);
    awaitThreads(Duration.ofSeconds(10));
  }

  private void awaitThreads(Duration atMost) {
    Await.until("the sender has ended: " + lastTrouble(), atMost, this::hasFinished);
  }
}
