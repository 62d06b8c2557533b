package org.promscale.testbed;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.promscale.testbed.HaEvidence.Authored;

/**
 * Invariants I2 (no hole) and I3 (an answer of success means durable), judged by what the senders
 * were told.
 *
 * <ul>
 *   <li>I2: neighbouring stored samples of a series are less than two steps apart, unless nothing
 *       between them was acknowledged to anybody. What a sender still has is no hole yet.
 *   <li>I3, leader: a sample acknowledged to the leader of the term it lies in is stored itself. Or
 *       it came late and there was no hole for it: its stored neighbours are at most one and a half
 *       steps apart, or one of them less than half a step away, and one of them is somebody else's.
 *       What is missing in a hole before the decision that it leads counts as told to a standby,
 *       which it was unless it came later: when it was told is not known.
 *   <li>I3, everybody: within a step of a sample acknowledged to anybody the series has a stored
 *       one.
 * </ul>
 */
final class Deliveries {

  private final HaEvidence evidence;
  private final List<String> violations = new ArrayList<>();

  private Deliveries(HaEvidence evidence) {
    this.evidence = evidence;
  }

  /** Returns the violations, one sentence each. */
  static List<String> violations(HaEvidence evidence) {
    Deliveries deliveries = new Deliveries(evidence);
    evidence.stored().forEach(deliveries::judgeDistances);
    evidence
        .acknowledged()
        .forEach(
            (replica, times) ->
                times.forEach((series, acks) -> deliveries.judgeAnswers(replica, series, acks)));
    return deliveries.violations;
  }

  private void judgeDistances(String series, List<Authored> samples) {
    for (int i = 1; i < samples.size(); i++) {
      Authored before = samples.get(i - 1);
      Authored after = samples.get(i);
      long distance = after.timeMs() - before.timeMs();
      if (distance < 2 * evidence.stepMs()) {
        continue;
      }
      for (Map.Entry<String, Map<String, NavigableSet<Long>>> sender :
          evidence.acknowledged().entrySet()) {
        NavigableSet<Long> acks = sender.getValue().getOrDefault(series, new TreeSet<>());
        Long delivered = acks.higher(before.timeMs());
        if (delivered != null && delivered < after.timeMs()) {
          violations.add(
              "I2: %d ms between %s and %s, %s delivered %d; %s, %s; series %s"
                  .formatted(
                      distance,
                      before,
                      after,
                      sender.getKey(),
                      delivered,
                      evidence.history().termAt(before.timeMs()),
                      evidence.history().termAt(after.timeMs()),
                      series));
          break;
        }
      }
    }
  }

  private void judgeAnswers(String replica, String series, NavigableSet<Long> acknowledged) {
    List<Authored> samples = evidence.stored().getOrDefault(series, List.of());
    int next = 0;
    for (long timeMs : acknowledged) {
      while (next < samples.size() && samples.get(next).timeMs() < timeMs) {
        next++;
      }
      if (isStored(samples, next, timeMs, replica)) {
        continue;
      }
      HaHistory.Term term = evidence.history().termAt(timeMs);
      boolean leads = term.leader().equals(replica);
      boolean ledAlready = leads && timeMs * 1_000 >= term.decidedMicros();
      boolean inHole = distance(samples, next, timeMs) > evidence.stepMs();
      if (leads && (ledAlready || !inHole) && !cameLate(samples, next, timeMs, replica)) {
        violations.add(
            "I3: %s leads and was told that %d is stored: %s; %s; series %s"
                .formatted(replica, timeMs, around(samples, next), term, series));
      } else if (inHole) {
        violations.add(
            "I3: %s was told that %d is stored or covered: %s; %s; series %s"
                .formatted(replica, timeMs, around(samples, next), term, series));
      }
    }
  }

  private static boolean isStored(List<Authored> samples, int at, long timeMs, String replica) {
    return at < samples.size() && samples.get(at).equals(new Authored(timeMs, replica));
  }

  private boolean cameLate(List<Authored> samples, int next, long timeMs, String replica) {
    if (distance(samples, next, timeMs) == Long.MAX_VALUE) {
      return false;
    }
    List<Authored> neighbours =
        samples.subList(Math.max(0, next - 1), Math.min(samples.size(), next + 1));
    boolean noHole =
        neighbours.size() == 2
            && neighbours.get(1).timeMs() - neighbours.get(0).timeMs() <= 1.5 * evidence.stepMs();
    return (noHole || 2 * distance(samples, next, timeMs) < evidence.stepMs())
        && neighbours.stream().anyMatch(sample -> !sample.author().equals(replica));
  }

  /** Returns the time to the nearer neighbour. */
  private static long distance(List<Authored> samples, int next, long timeMs) {
    long before = next > 0 ? timeMs - samples.get(next - 1).timeMs() : Long.MAX_VALUE;
    long after = next < samples.size() ? samples.get(next).timeMs() - timeMs : Long.MAX_VALUE;
    return Math.min(before, after);
  }

  private static String around(List<Authored> samples, int next) {
    return "stored around it "
        + samples.subList(Math.max(0, next - 2), Math.min(samples.size(), next + 2));
  }
}
