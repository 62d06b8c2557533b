package org.promscale.sim;

import java.util.List;

/**
 * What came out of a world.
 *
 * @param plan of the world
 * @param seeds how many worlds were tried
 * @param violations what is wrong; empty if nothing is
 */
record Verdict(Plan plan, long seeds, List<String> violations) {

  boolean isGood() {
    return violations.isEmpty();
  }

  /** Returns how to see it again, on one line. */
  String replay() {
    return "./mvnw -o test -Dtest=HaReplayTest -Dsim.seed="
        + plan.seed()
        + " -Dsim.minutes="
        + plan.minutes()
        + " -Dsim.faults="
        + plan.chosen();
  }

  @Override
  public String toString() {
    return "seed "
        + plan.seed()
        + ": "
        + plan
        + "\nreplay: "
        + replay()
        + "\n- "
        + String.join("\n- ", violations);
  }
}
