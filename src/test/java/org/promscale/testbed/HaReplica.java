package org.promscale.testbed;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * One replica of a cluster over all its lives: a server that can be killed and started again under
 * the same name, in the same phase. One thread at a time.
 */
public final class HaReplica implements AutoCloseable {

  private final SyntheticPlan plan;
  private final Supplier<URI> address;
  private final List<SyntheticReplica> lives = new ArrayList<>();
  private boolean alive;

  /**
   * Plans a replica; nothing is sent yet.
   *
   * @param plan of a member of a cluster
   * @param address asked before every try
   */
  public HaReplica(SyntheticPlan plan, Supplier<URI> address) {
    this.plan = plan;
    this.address = address;
    if (plan.member().isEmpty()) {
      throw new IllegalArgumentException("not a member of a cluster: " + plan);
    }
  }

  /** Starts it, also again after a kill: with the next round and an empty queue. */
  public void start() {
    if (alive) {
      throw new IllegalStateException(name() + " is running already");
    }
    lives.add(SyntheticReplica.start(plan, address));
    alive = true;
  }

  /** Kills it: the queue is lost. */
  public void kill() {
    current().die();
    alive = false;
  }

  /** Tells whether it was started and not killed since. */
  public boolean isAlive() {
    return alive;
  }

  /** Returns its life now, or its last. */
  public SyntheticReplica current() {
    return lives.get(lives.size() - 1);
  }

  /** Returns the value of its label {@code __replica__}. */
  public String name() {
    return plan.member().orElseThrow().replica();
  }

  /** Returns the number by which its samples are known. */
  public int author() {
    return plan.author();
  }

  /** Returns every sample that was answered with success, in any of its lives. */
  public Set<SamplePoint> acknowledged() {
    Set<SamplePoint> points = new HashSet<>();
    lives.forEach(life -> points.addAll(life.acknowledged()));
    return points;
  }

  /** Returns every sample that it has scraped, in any of its lives. */
  public Set<SamplePoint> scraped() {
    Set<SamplePoint> points = new HashSet<>();
    lives.forEach(life -> points.addAll(life.scraped()));
    return points;
  }

  /** Returns the number of requests given up after a 4xx, in all its lives. */
  public long requestsDropped() {
    return lives.stream().mapToLong(SyntheticReplica::requestsDropped).sum();
  }

  /** Returns how often which status was answered instead of success, "none" for no answer. */
  public Map<String, Long> refusals() {
    Map<String, Long> sums = new TreeMap<>();
    lives.forEach(life -> life.refusals().forEach((k, v) -> sums.merge(k, v, Long::sum)));
    return sums;
  }

  /** Returns the last answer for which a request was given up, empty without one. */
  public String lastDrop() {
    return lives.stream()
        .map(SyntheticReplica::lastDrop)
        .filter(text -> !text.isEmpty())
        .reduce("", (first, second) -> second);
  }

  /** Sends its queue to the end; it scrapes nothing new. */
  public void finish(Duration atMost) {
    current().finish(atMost);
    alive = false;
  }

  @Override
  public void close() {
    lives.forEach(SyntheticReplica::close);
    alive = false;
  }
}
