package org.promscale.testbed;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Asks every connector ten times a second who leads, and remembers when it first said so. A
 * connector that does not answer is asked again. Thread-safe.
 */
public final class LeaderWatch implements AutoCloseable {

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final List<URI> pages;
  private final List<Thread> threads = new ArrayList<>();
  private final Map<Seen, Long> firstSeen = new HashMap<>();
  private final List<Map<String, HaStatus.Cluster>> latest = new ArrayList<>();
  private volatile boolean closed;

  /** What a connector said. */
  private record Seen(int connector, String cluster, long term, String leader) {}

  private LeaderWatch(List<URI> pages) {
    this.pages = List.copyOf(pages);
  }

  /**
   * Starts.
   *
   * @param pages the connectors' addresses of {@link HaStatus#PATH}
   */
  public static LeaderWatch start(List<URI> pages) {
    LeaderWatch watch = new LeaderWatch(pages);
    for (int i = 0; i < pages.size(); i++) {
      int connector = i;
      watch.latest.add(Map.of());
      // One each: a frozen connector must not make the others look late.
      Thread thread = new Thread(() -> watch.look(connector), "leader-watch-" + i);
      thread.setDaemon(true);
      watch.threads.add(thread);
    }
    watch.threads.forEach(Thread::start);
    return watch;
  }

  private void look(int connector) {
    while (!closed) {
      try {
        remember(connector, HaStatus.of(pages.get(connector)), System.nanoTime());
      } catch (IOException | IllegalArgumentException e) {
        remember(connector, new HaStatus(List.of()), System.nanoTime());
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private synchronized void remember(int connector, HaStatus status, long nanoTime) {
    Map<String, HaStatus.Cluster> clusters = new HashMap<>();
    for (HaStatus.Cluster cluster : status.clusters()) {
      clusters.put(cluster.cluster(), cluster);
      firstSeen.putIfAbsent(
          new Seen(connector, cluster.cluster(), cluster.term(), cluster.leader()), nanoTime);
    }
    latest.set(connector, clusters);
  }

  /** Returns the leaders that the connectors name right now, empty texts for none, in order. */
  public synchronized List<String> leaders(String cluster) {
    return latest.stream()
        .map(clusters -> clusters.get(cluster))
        .map(known -> known == null ? "" : known.leader())
        .toList();
  }

  /** Returns what the connector says that sees the highest term right now, if any knows it. */
  public synchronized Optional<HaStatus.Cluster> latest(String cluster) {
    return latest.stream()
        .flatMap(clusters -> Stream.ofNullable(clusters.get(cluster)))
        .max(Comparator.comparingLong(HaStatus.Cluster::term));
  }

  /** Tells whether every connector names this leader right now. */
  public boolean allName(String cluster, String leader) {
    return leaders(cluster).stream().allMatch(leader::equals);
  }

  /** Returns when any connector first named the leader of a term, as a nano time. */
  public synchronized OptionalLong firstNamed(String cluster, long term) {
    return named(cluster, term).min();
  }

  /** Returns how long the last connector named the leader of a term after the first. */
  public synchronized Duration disagreement(String cluster, long term) {
    return Duration.ofNanos(
        named(cluster, term).max().orElseThrow() - named(cluster, term).min().orElseThrow());
  }

  private LongStream named(String cluster, long term) {
    return firstSeen.entrySet().stream()
        .filter(e -> e.getKey().cluster().equals(cluster) && e.getKey().term() == term)
        .mapToLong(Map.Entry::getValue);
  }

  /** Returns the terms and leaders of a cluster that any connector ever named, as texts. */
  public synchronized List<String> everNamed(String cluster) {
    return firstSeen.keySet().stream()
        .filter(seen -> seen.cluster().equals(cluster))
        .map(seen -> seen.term() + " " + seen.leader())
        .distinct()
        .sorted()
        .toList();
  }

  @Override
  public void close() {
    closed = true;
    threads.forEach(LockSupport::unpark);
    Await.until(
        "nobody looks any more",
        Duration.ofSeconds(10),
        () -> threads.stream().noneMatch(Thread::isAlive));
  }
}
