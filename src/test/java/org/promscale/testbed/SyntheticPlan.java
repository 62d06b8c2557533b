package org.promscale.testbed;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.promscale.wire.proto.RemoteWriteV1.TimeSeries;

/**
 * What a {@link SyntheticReplica} sends. In round {@code r} every series has one sample; its time
 * is {@code startMs + r * stepMs}. The value names its author and is unique, so that a stored value
 * tells who sent it and which sample it was. Immutable; the {@code with} methods return copies.
 *
 * @param author number of the sender, 1 to 4095
 * @param labels labels of every series, for instance {@code cluster} and {@code __replica__}
 * @param series number of series
 * @param shards threads; each owns some series, sends their samples in order and has one request in
 *     flight
 * @param roundsPerRequest rounds of a shard in one request
 * @param startMs time of the first round
 * @param stepMs time between two rounds, in sample time
 * @param pace time between two requests of a shard; a shard that is behind sends at once
 * @param longestBackoff longest pause between two tries
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
    Duration longestBackoff) {

  /** Below it is the number of the sample, from it on the number of the author. */
  private static final int AUTHOR_SHIFT = 40;

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
        Duration.ofSeconds(5));
  }

  /** Sets a label of every series. */
  public SyntheticPlan withLabel(String name, String value) {
    Map<String, String> more = new TreeMap<>(labels);
    more.put(name, value);
    return new SyntheticPlan(
        author, more, series, shards, roundsPerRequest, startMs, stepMs, pace, longestBackoff);
  }

  /** Sends the series of another author: replicas of one cluster share their series. */
  public SyntheticPlan withoutLabel(String name) {
    Map<String, String> fewer = new TreeMap<>(labels);
    fewer.remove(name);
    return new SyntheticPlan(
        author, fewer, series, shards, roundsPerRequest, startMs, stepMs, pace, longestBackoff);
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
        longestBackoff);
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
        longestBackoff);
  }

  /** Sets the longest pause between two tries. */
  public SyntheticPlan withLongestBackoff(Duration newLongestBackoff) {
    return new SyntheticPlan(
        author, labels, series, shards, roundsPerRequest, startMs, stepMs, pace, newLongestBackoff);
  }

  /** Returns who sent this value. */
  public static int authorOf(double value) {
    return (int) ((long) value >> AUTHOR_SHIFT);
  }

  Map<String, String> labelsOf(int seriesIndex) {
    Map<String, String> all = new TreeMap<>(labels);
    all.put("__name__", "synthetic_samples");
    all.put("job", "synthetic");
    all.put("instance", "instance-" + seriesIndex / 10);
    all.put("number", String.valueOf(seriesIndex));
    return all;
  }

  TimeSeries seriesWithoutSamples(int seriesIndex) {
    return WireLabels.encode(labelsOf(seriesIndex)).build();
  }

  long timestampMs(long round) {
    return startMs + round * stepMs;
  }

  double value(int seriesIndex, long round) {
    return ((long) author << AUTHOR_SHIFT) + round * series + seriesIndex;
  }
}
