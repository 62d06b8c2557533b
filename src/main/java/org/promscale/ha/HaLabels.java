package org.promscale.ha;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.promscale.model.Labels;

/**
 * Which labels say who sent a series: one or more pairs of label names, and what becomes of series
 * that lack them. Immutable, safe to share.
 *
 * <p>Each series is judged by its own labels. The first pair of which it has both, neither empty,
 * decides; the replica label of that pair is no part of the series that is stored.
 */
public final class HaLabels {

  /** UTF-8 bytes that the name of a cluster or of a replica may have. */
  public static final int MAX_VALUE_BYTES = 1_024;

  /** High availability is off: nothing is attributed, nothing is stripped. */
  public static final HaLabels OFF = new HaLabels(List.of(), MissingLabels.ACCEPT);

  private static final String FORM =
      "pairs of label names such as cluster/__replica__, separated by commas";

  /** What becomes of a series of which no pair is complete. */
  public enum MissingLabels {
    /** It is refused, the rest of its request is not. */
    REJECT,
    /** It is stored as it is, from however many senders it comes. */
    ACCEPT
  }

  /**
   * Two label names that belong together.
   *
   * @param cluster the label that names the group of identical senders; it stays on the series
   * @param replica the label that names one of them; it is stripped
   */
  public record Pair(String cluster, String replica) {}

  private final List<Pair> pairs;
  private final MissingLabels missingLabels;

  private HaLabels(List<Pair> pairs, MissingLabels missingLabels) {
    this.pairs = List.copyOf(pairs);
    this.missingLabels = missingLabels;
  }

  /**
   * Reads pairs such as {@code cluster/__replica__,prometheus/prometheus_replica}. Blanks around a
   * name are no part of it, and a name holds neither a slash nor a comma.
   *
   * @throws IllegalArgumentException if the text is something else; the message tells an operator
   *     what it takes
   */
  public static HaLabels parse(String text, MissingLabels missingLabels) {
    List<Pair> pairs = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      String[] names = part.split("/", -1);
      if (names.length != 2) {
        throw new IllegalArgumentException("it takes " + FORM);
      }
      Pair pair = new Pair(names[0].strip(), names[1].strip());
      requireName(pair.cluster());
      requireName(pair.replica());
      pairs.add(pair);
    }
    requireOneMeaningEach(pairs);
    return new HaLabels(pairs, missingLabels);
  }

  private static void requireName(String name) {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("it takes " + FORM);
    }
    if (name.equals(Labels.METRIC_NAME)) {
      throw new IllegalArgumentException("it takes " + FORM + "; " + name + " names the metric");
    }
    boolean isText = StandardCharsets.UTF_8.newEncoder().canEncode(name);
    if (!isText || name.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("it takes " + FORM + ", in valid UTF-8 without U+0000");
    }
  }

  /** A label that one pair strips and another one keeps, or that two strip, says two things. */
  private static void requireOneMeaningEach(List<Pair> pairs) {
    Set<String> replicas = new HashSet<>();
    for (Pair pair : pairs) {
      if (!replicas.add(pair.replica())) {
        throw new IllegalArgumentException(
            "it takes each replica label once, and " + pair.replica() + " stands in two pairs");
      }
    }
    for (Pair pair : pairs) {
      if (replicas.contains(pair.cluster())) {
        throw new IllegalArgumentException(
            "a label names a cluster or a replica, and " + pair.cluster() + " would name both");
      }
    }
  }

  /** Tells whether high availability is on. */
  public boolean isOn() {
    return !pairs.isEmpty();
  }

  /**
   * Returns the pairs, the one that decides first in front; none where high availability is off.
   */
  public List<Pair> pairs() {
    return pairs;
  }

  /** Returns what becomes of a series of which no pair is complete. */
  public MissingLabels missingLabels() {
    return missingLabels;
  }
}
