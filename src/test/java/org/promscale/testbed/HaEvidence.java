package org.promscale.testbed;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.sql.DataSource;

/**
 * Everything that is known afterwards about one cluster of synthetic replicas: what SQL holds and
 * what the senders remember. {@link AuthorRuns} and {@link Deliveries} judge it.
 *
 * @param history terms and patches
 * @param stepMs time between two scrapes of a series
 * @param stored per series what is in SQL, in order of time
 * @param acknowledged per replica and series the times answered with success
 */
public record HaEvidence(
    HaHistory history,
    long stepMs,
    Map<String, List<Authored>> stored,
    Map<String, Map<String, NavigableSet<Long>>> acknowledged) {

  private static final int SHOWN = 6;

  /** A stored sample and who sent it. */
  public record Authored(long timeMs, String author) {
    @Override
    public String toString() {
      return author + "@" + timeMs;
    }
  }

  /**
   * Gathers it.
   *
   * @param cluster value of the label
   * @param replicas all senders of the cluster
   * @throws IllegalStateException when a sample is stored twice
   */
  public static HaEvidence of(
      DataSource database, String cluster, long stepMs, List<HaReplica> replicas)
      throws SQLException {
    Map<Integer, String> names = new TreeMap<>();
    Map<String, Map<String, NavigableSet<Long>>> acknowledged = new TreeMap<>();
    for (HaReplica replica : replicas) {
      names.put(replica.author(), replica.name());
      Map<String, NavigableSet<Long>> times = new TreeMap<>();
      for (SamplePoint point : replica.acknowledged()) {
        times.computeIfAbsent(point.series(), s -> new TreeSet<>()).add(point.timestampMs());
      }
      acknowledged.put(replica.name(), times);
    }
    Map<String, List<Authored>> stored = new TreeMap<>();
    String label = "cluster=\"" + cluster + "\"";
    for (SamplePoint point : new StoredSamples(database).all()) {
      if (point.series().contains(label)) {
        int author = SyntheticPlan.authorOf(Double.longBitsToDouble(point.valueBits()));
        stored
            .computeIfAbsent(point.series(), s -> new ArrayList<>())
            .add(
                new Authored(
                    point.timestampMs(), names.getOrDefault(author, "stranger " + author)));
      }
    }
    stored.values().forEach(samples -> samples.sort(Comparator.comparingLong(Authored::timeMs)));
    return new HaEvidence(HaHistory.of(database, cluster), stepMs, stored, acknowledged);
  }

  /** Returns everything that breaks an invariant, as sentences. */
  public List<String> violations() {
    List<String> all = new ArrayList<>(history.problems());
    if (all.isEmpty()) {
      all.addAll(AuthorRuns.violations(this));
      all.addAll(Deliveries.violations(this));
    }
    return all;
  }

  /** Fails with the first few violations and the history, unless every invariant holds. */
  public void assertInvariants() {
    List<String> violations = violations();
    if (!violations.isEmpty()) {
      StringBuilder text = new StringBuilder();
      text.append(violations.size()).append(" violations in ").append(this);
      Map<String, List<String>> kinds = new TreeMap<>();
      for (String one : violations) {
        kinds.computeIfAbsent(one.substring(0, 2), kind -> new ArrayList<>()).add(one);
      }
      kinds.forEach(
          (kind, all) -> {
            text.append("\n").append(all.size()).append(" of ").append(kind);
            all.stream().limit(SHOWN).forEach(one -> text.append("\n- ").append(one));
          });
      throw new AssertionError(text.append("\nhistory:").append(history).toString());
    }
  }

  /** How far two neighbouring samples of a series are apart, and which they are. */
  public record Distance(long millis, String where) {
    @Override
    public String toString() {
      return millis + " ms" + where;
    }
  }

  /** Returns the largest distance of neighbouring samples of any series, of two authors or one. */
  public long largestDistanceMs() {
    return largestDistance().millis();
  }

  /** Returns the same with the two samples. */
  public Distance largestDistance() {
    Distance largest = new Distance(0, "");
    for (List<Authored> samples : stored.values()) {
      for (int i = 1; i < samples.size(); i++) {
        long distance = samples.get(i).timeMs() - samples.get(i - 1).timeMs();
        if (distance > largest.millis()) {
          largest = new Distance(distance, " from " + samples.get(i - 1) + " to " + samples.get(i));
        }
      }
    }
    return largest;
  }

  @Override
  public String toString() {
    return "%d samples of %d series, %d terms, %d patches, %s acknowledged"
        .formatted(
            stored.values().stream().mapToInt(List::size).sum(),
            stored.size(),
            history.terms().size(),
            history.patches().size(),
            acknowledged.values().stream()
                .map(times -> times.values().stream().mapToInt(Set::size).sum())
                .toList());
  }
}
