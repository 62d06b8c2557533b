package org.promscale.testbed;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.promscale.testbed.HaEvidence.Authored;
import org.promscale.testbed.HaHistory.Patch;
import org.promscale.testbed.HaHistory.Term;

/**
 * Invariant I1, one author per instant: a series' authors in time order read {@code A…AB…B} at a
 * boundary and {@code A…AB…BA…A} around a hole in a patch.
 *
 * <p>A run is what lies between two changes of author or term. A run of the term's leader is right.
 * A run of anybody else is right when
 *
 * <ul>
 *   <li>each of its samples lies in a recorded patch of its author,
 *   <li>it begins at least half a step after the sample before it, and
 *   <li>there was a hole when its patch was filled: its neighbours on both sides, without what this
 *       patch or one that was opened later has filled, are at least one and a half steps apart, or
 *       the one after it is the leader's and lies past the end of the patch: what lies there is
 *       stored whatever was filled before.
 * </ul>
 *
 * Two replicas that take turns break the last rule, whatever patches there are: their neighbours
 * are one step apart. The distance to the sample after a run is not limited, because the leader
 * goes on right after the patch without looking back.
 */
final class AuthorRuns {

  /** Of a step; synthetic scrapes are exact, the boundary of a hole need not be. */
  private static final double TOLERANCE = 0.02;

  private final HaEvidence evidence;
  private final List<String> violations = new ArrayList<>();

  private AuthorRuns(HaEvidence evidence) {
    this.evidence = evidence;
  }

  /** Returns the violations, one sentence each. */
  static List<String> violations(HaEvidence evidence) {
    AuthorRuns runs = new AuthorRuns(evidence);
    evidence.stored().forEach(runs::judge);
    return runs.violations;
  }

  private void judge(String series, List<Authored> samples) {
    int first = 0;
    while (first < samples.size()) {
      String author = samples.get(first).author();
      Term term = evidence.history().termAt(samples.get(first).timeMs());
      int end = first + 1;
      while (end < samples.size()
          && samples.get(end).author().equals(author)
          && evidence.history().termAt(samples.get(end).timeMs()).equals(term)) {
        end++;
      }
      if (!author.equals(term.leader())) {
        String problem = problem(author, samples, first, end);
        if (problem != null) {
          violations.add(
              "I1: %d of %s in %s %s: %s; series %s"
                  .formatted(
                      end - first, author, term, problem, around(samples, first, end), series));
        }
      }
      first = end;
    }
  }

  /** Says what is wrong with a run of somebody who does not lead, null if nothing is. */
  private @Nullable String problem(String author, List<Authored> samples, int first, int end) {
    List<Patch> patches = evidence.history().patches();
    for (Authored sample : samples.subList(first, end)) {
      if (patches.stream().noneMatch(patch -> patch.covers(author, sample.timeMs()))) {
        return "in no patch of " + author;
      }
    }
    if (first > 0 && samples.get(first).timeMs() - samples.get(first - 1).timeMs() < steps(0.5)) {
      return "less than half a step after its neighbour";
    }
    for (int number = 0; number < patches.size(); number++) {
      if (patches.get(number).covers(author, samples.get(first).timeMs())
          && wasHole(samples, number, first, end)) {
        return null;
      }
    }
    return "where no hole was";
  }

  /** Tells whether there was a hole when a patch filled this run; patches are in their order. */
  private boolean wasHole(List<Authored> samples, int patch, int first, int end) {
    int before = first - 1;
    while (before >= 0 && isFilledSince(samples.get(before), patch)) {
      before--;
    }
    int after = end;
    while (after < samples.size() && isFilledSince(samples.get(after), patch)) {
      after++;
    }
    return before < 0
        || after == samples.size()
        || isLeadersPast(evidence.history().patches().get(patch), samples.get(after))
        || samples.get(after).timeMs() - samples.get(before).timeMs() >= steps(1.5);
  }

  private boolean isLeadersPast(Patch patch, Authored sample) {
    return sample.timeMs() * 1_000 > patch.endsMicros()
        && evidence.history().termAt(sample.timeMs()).leader().equals(sample.author());
  }

  private boolean isFilledSince(Authored sample, int patch) {
    HaHistory history = evidence.history();
    return !history.termAt(sample.timeMs()).leader().equals(sample.author())
        && history.patches().subList(patch, history.patches().size()).stream()
            .anyMatch(later -> later.covers(sample.author(), sample.timeMs()));
  }

  private double steps(double number) {
    return (number - TOLERANCE) * evidence.stepMs();
  }

  private static String around(List<Authored> samples, int first, int end) {
    List<Authored> shown =
        samples.subList(Math.max(0, first - 2), Math.min(samples.size(), end + 2));
    return shown.size() <= 14
        ? shown.toString()
        : shown.subList(0, 7) + " … " + shown.subList(shown.size() - 7, shown.size());
  }
}
