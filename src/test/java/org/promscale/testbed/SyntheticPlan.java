package org.promscale.testbed;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.promscale.wire.proto.RemoteWriteV1.TimeSeries;

/**
 * What a {@link SyntheticReplica} sends. In round {@code r} every series has one sample; its time
 * is {@code startMs + r * stepMs}. The value names its author and is unique, so that a stored value
 * tells who sent it and which sample it was. Immutable; the {@code with} methods return copies.
 *
 * @param author number of the sender, 1 to 4095
 * @param labels labels of every series
 * @param series number of series
 * @param shards threads; each owns some series, sends their samples in order and has one request in
 *     flight
 * @param roundsPerRequest rounds of a shard in one request
 * @param startMs time of the first round
 * @param stepMs time between two rounds, in sample time
 * @param pace time between two requests of a shard; a shard that is behind sends at once; a member
 *     of a cluster keeps wall time instead
 * @param longestBackoff longest pause between two tries
 * @param member the sender's place in a cluster of replicas, if it has one
 */
public record SyntheticPlan(
    int author,
    Map<String, String> labels,
    int series,
    int shards,
    int roundsPerRequest,
    long startMs,
    long stepMs,
    Duration pace,
    Duration longestBackoff,
    Optional<Member> member) {

  /** Below it is the number of the sample, from it on the number of the author. */
  private static final int AUTHOR_SHIFT = 40;

  private static final Duration PROMETHEUS_BACKOFF = Duration.ofSeconds(5);
  private static final Duration PROMETHEUS_TIMEOUT = Duration.ofSeconds(30);

  /**
   * What makes a sender one of several replicas. It scrapes in wall time, whatever becomes of its
   * requests: a round exists from its own time on, and what was not sent yet waits in the queue. A
   * replica that starts late or again begins with the next round.
   *
   * @param replica value of the label {@code __replica__}, which is sent but never stored
   * @param mostRounds rounds of a shard in one request when it has a backlog
   * @param requestTimeout how long it waits for an answer; Prometheus calls it {@code
   *     remote_timeout}
   */
  public record Member(String replica, int mostRounds, Duration requestTimeout) {}

  /** Returns a plan of 100 series, 2 shards and 10 requests a second and shard. */
  public static SyntheticPlan of(int author, long startMs) {
    return new SyntheticPlan(
        author,
        Map.of("author", String.valueOf(author)),
        100,
        2,
        1,
        startMs,
        100,
        Duration.ofMillis(100),
        PROMETHEUS_BACKOFF,
        Optional.empty());
  }

  /**
   * Returns the plan of one replica of a cluster: 60 series in 3 shards, a round a second, every
   * round sent at once. Replicas of one cluster have the same series.
   *
   * @param author number of the sender
   * @param startMs time of the first round: replicas that differ in it scrape in different phases
   */
  public static SyntheticPlan ofReplica(String cluster, String replica, int author, long startMs) {
    return new SyntheticPlan(
        author,
        Map.of("cluster", cluster),
        60,
        3,
        1,
        startMs,
        1_000,
        Duration.ofSeconds(1),
        PROMETHEUS_BACKOFF,
        Optional.of(new Member(replica, 30, PROMETHEUS_TIMEOUT)));
  }

  /** Sets the numbers of series, shards and rounds per request. */
  public SyntheticPlan withShape(int newSeries, int newShards, int newRoundsPerRequest) {
    return new SyntheticPlan(
        author,
        labels,
        newSeries,
        newShards,
        newRoundsPerRequest,
        startMs,
        stepMs,
        pace,
        longestBackoff,
        member);
  }

  /** Sets the sample time between rounds and the real time between requests. */
  public SyntheticPlan withPace(long newStepMs, Duration newPace) {
    return new SyntheticPlan(
        author,
        labels,
        series,
        shards,
        roundsPerRequest,
        startMs,
        newStepMs,
        newPace,
        longestBackoff,
        member);
  }

  /** Sets the longest pause between two tries. */
  public SyntheticPlan withLongestBackoff(Duration newLongestBackoff) {
    return new SyntheticPlan(
        author,
        labels,
        series,
        shards,
        roundsPerRequest,
        startMs,
        stepMs,
        pace,
        newLongestBackoff,
        member);
  }

  /** Sets how long a replica waits for an answer. */
  public SyntheticPlan withRequestTimeout(Duration requestTimeout) {
    Member old = member.orElseThrow();
    return new SyntheticPlan(
        author,
        labels,
        series,
        shards,
        roundsPerRequest,
        startMs,
        stepMs,
        pace,
        longestBackoff,
        Optional.of(new Member(old.replica(), old.mostRounds(), requestTimeout)));
  }

  /** Returns who sent this value. */
  public static int authorOf(double value) {
    return (int) ((long) value >> AUTHOR_SHIFT);
  }

  /** Returns the smallest value of an author; that of the next author is above all of them. */
  public static double firstValueOf(int author) {
    return (double) ((long) author << AUTHOR_SHIFT);
  }

  /** Returns the labels with which a series is stored. */
  Map<String, String> labelsOf(int seriesIndex) {
    Map<String, String> all = new TreeMap<>(labels);
    all.put("__name__", "synthetic_samples");
    all.put("job", "synthetic");
    all.put("instance", "instance-" + seriesIndex / 10);
    all.put("number", String.valueOf(seriesIndex));
    return all;
  }

  /** Returns a series as it is sent. */
  TimeSeries seriesWithoutSamples(int seriesIndex) {
    Map<String, String> sent = new TreeMap<>(labelsOf(seriesIndex));
    member.ifPresent(one -> sent.put("__replica__", one.replica()));
    return WireLabels.encode(sent).build();
  }

  Duration requestTimeout() {
    return member.map(Member::requestTimeout).orElse(PROMETHEUS_TIMEOUT);
  }

  long timestampMs(long round) {
    return startMs + round * stepMs;
  }

  /** Returns the number of rounds whose time has come, which is also the next round. */
  int roundsUntil(long nowMs) {
    return (int) Math.max(0, Math.floorDiv(nowMs - startMs, stepMs) + 1);
  }

  double value(int seriesIndex, long round) {
    return ((long) author << AUTHOR_SHIFT) + round * series + seriesIndex;
  }
}
