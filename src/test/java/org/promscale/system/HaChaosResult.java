package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.promscale.testbed.HaEvidence;

/**
 * What a {@link HaChaosRun} found.
 *
 * @param evidence of the synthetic replicas
 * @param more sentences about dropped requests and about the pair of real Prometheus
 */
record HaChaosResult(HaEvidence evidence, List<String> more) {

  /** Fails if anything was dropped or any invariant is broken. */
  void assertInvariants() {
    evidence.assertInvariants();
    assertThat(more).isEmpty();
  }

  /** Prints the holes and fails if anything but a hole is wrong. */
  void reportHoles() {
    List<String> violations = evidence.violations();
    List<String> holes = violations.stream().filter(HaChaosResult::isHole).toList();
    System.out.println(
        "HaChaosRun: "
            + holes.size()
            + " holes and answers for them, largest distance "
            + evidence.largestDistanceMs()
            + " ms; the pair: "
            + more);
    holes.stream().limit(5).forEach(hole -> System.out.println("HaChaosRun: " + hole));
    assertThat(violations).filteredOn(violation -> !isHole(violation)).isEmpty();
  }

  /** A hole, or what a standby was told about it. */
  private static boolean isHole(String violation) {
    return violation.startsWith("I2: ") || violation.contains("stored or covered");
  }
}
