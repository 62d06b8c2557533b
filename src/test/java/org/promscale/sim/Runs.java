package org.promscale.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.promscale.storage.Mutant;

/** Runs worlds, one after the other. Stateless. */
final class Runs {

  /** The shipped code tells of changes of leader; here are thousands of them. */
  private static final Logger LOUD = Logger.getLogger("org.promscale.ingest");

  private Runs() {}

  static Verdict run(Plan plan, Policy policy, Mutant mutant) {
    Level before = LOUD.getLevel();
    LOUD.setLevel(Level.OFF);
    try {
      return new Verdict(plan, 1, new World(plan, policy, mutant).run());
    } finally {
      LOUD.setLevel(before);
    }
  }

  /** Returns the first of these seeds that fails, with as few faults as it fails with. */
  static Verdict firstFailure(Policy policy, int minutes, long first, long count) {
    Verdict last = null;
    for (long seed = first; seed < first + count; seed++) {
      last = run(Plan.of(seed, minutes), policy, Mutant.NONE);
      if (!last.isGood()) {
        Verdict small = shrink(last, policy, Mutant.NONE);
        return new Verdict(small.plan(), seed - first + 1, small.violations());
      }
    }
    if (last == null) {
      throw new IllegalArgumentException("no seed to run");
    }
    return new Verdict(last.plan(), count, List.of());
  }

  /** Returns the number of the first seed, from 1, with which a mutant is caught; 0 if none. */
  static long caughtAt(Mutant mutant, int minutes, long most) {
    for (long seed = 1; seed <= most; seed++) {
      if (!run(Plan.of(seed, minutes), Policy.OURS, mutant).isGood()) {
        return seed;
      }
    }
    return 0;
  }

  /** Leaves out one fault after the other for as long as it still fails in the same way. */
  static Verdict shrink(Verdict failed, Policy policy, Mutant mutant) {
    Verdict best = failed;
    boolean smaller = true;
    while (smaller) {
      smaller = false;
      for (int i = 0; i < best.plan().faults().size() && !smaller; i++) {
        List<Fault> fewer = new ArrayList<>(best.plan().faults());
        fewer.remove(i);
        Verdict verdict = run(best.plan().with(fewer), policy, mutant);
        if (!verdict.isGood() && kind(verdict).equals(kind(failed))) {
          best = verdict;
          smaller = true;
        }
      }
    }
    return best;
  }

  /** Returns which invariant is broken. */
  static String kind(Verdict verdict) {
    String first = verdict.violations().get(0).replaceFirst("^at [0-9.]+ s: ", "");
    int colon = first.indexOf(':');
    return colon < 0 ? first : first.substring(0, colon);
  }
}
