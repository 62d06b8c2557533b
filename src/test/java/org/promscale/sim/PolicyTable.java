package org.promscale.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.LongFunction;
import org.promscale.storage.Mutant;
import org.promscale.storage.TwinDatabase.Stored;

/** Measures policies on the same seeds: a leader that dies, a lagging standby, a healthy pair. */
final class PolicyTable {

  private static final int SEEDS = 200;
  private static final int HEALTHY_HOURS = 10;
  private static final int SERIES = 1;
  private static final long STEP_MS = 5_000;

  /**
   * What a policy costs, in seconds and switches.
   *
   * @param hole data time that nobody is stored for: from the old leader's last sample to the new
   *     one's first, less a scrape interval; on average
   * @param worstHole at the 95th percentile
   * @param detection wall time from death to the new leader's first stored sample
   * @param overlap data time that both wrote, with a standby that was cut off around the death
   * @param falseSwitches in an hour of a healthy pair that sends every 15 s
   */
  record Row(
      double hole, double worstHole, double detection, double overlap, double falseSwitches) {}

  private PolicyTable() {}

  /** Returns all policies by name. */
  static Map<String, LongFunction<Policy>> policies() {
    Map<String, LongFunction<Policy>> all = new TreeMap<>();
    all.put("Promscale for Jakarta EE", seed -> Policy.OURS);
    all.put("Promscale 0.17", seed -> Peers.promscale());
    all.put("Cortex", Peers::cortex);
    all.put("Mimir", Peers::mimir);
    return all;
  }

  static Row measure(LongFunction<Policy> policy) {
    double[] holes = new double[SEEDS];
    double detection = 0;
    double overlap = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      Death death = Death.run(seed, false, policy.apply(seed));
      holes[seed] = Math.max(0, death.distanceMs() - STEP_MS) / 1e3;
      detection += death.detectionMs() / 1e3 / SEEDS;
      long both = -Death.run(seed, true, policy.apply(seed)).distanceMs();
      overlap += Math.max(0, both) / 1e3 / SEEDS;
    }
    double switches = 0;
    for (int seed = 0; seed < HEALTHY_HOURS; seed++) {
      World world = new World(plan(seed, 60, 15_000, List.of()), policy.apply(seed), Mutant.NONE);
      world.simulation().run(3_600 * Simulation.SECOND);
      world.simulation().end();
      switches += authorChanges(world) / (double) HEALTHY_HOURS;
    }
    double mean = Arrays.stream(holes).average().orElse(0);
    Arrays.sort(holes);
    return new Row(mean, holes[SEEDS * 95 / 100], detection, overlap, switches);
  }

  private static Plan plan(long seed, int minutes, long stepMs, List<Fault> faults) {
    return new Plan(
        seed,
        minutes,
        3,
        2,
        1,
        new int[] {1, 1},
        stepMs,
        200,
        Plan.Balancing.RANDOM,
        0,
        2,
        1 << 20,
        faults);
  }

  private static int authorChanges(World world) {
    List<Stored> rows = new ArrayList<>(samples(world).values());
    rows.sort((a, b) -> Long.compare(a.trueMs(), b.trueMs()));
    int changes = 0;
    String last = "";
    for (Stored row : rows) {
      String author = Replica.authorOf(row.valueBits());
      changes += !last.isEmpty() && !author.equals(last) ? 1 : 0;
      last = author;
    }
    return changes;
  }

  private static NavigableMap<Long, Stored> samples(World world) {
    return world.database().samples(WriteRequest.idOf(SERIES));
  }

  /**
   * A leader's death.
   *
   * @param distanceMs data time between the two; negative where both wrote
   * @param detectionMs wall time until the other was stored
   */
  private record Death(long distanceMs, long detectionMs) {

    private static final int MINUTES = 5;
    private static final long AT_MS = 120_000;
    private static final int SPREAD_MS = 30_000;
    private static final long AWAY_BEFORE_MS = 60_000;
    private static final long AWAY_AFTER_MS = 40_000;

    static Death run(long seed, boolean standbyAway, Policy policy) {
      World world = new World(plan(seed, MINUTES, STEP_MS, List.of()), policy, Mutant.NONE);
      long diesMs = AT_MS + new Random(seed).nextInt(SPREAD_MS);
      world.simulation().run((diesMs - AWAY_BEFORE_MS) * Simulation.MS);
      String leader = Replica.authorOf(samples(world).lastEntry().getValue().valueBits());
      Replica first = world.replica(0).name().equals(leader) ? world.replica(0) : world.replica(1);
      Replica other = world.replica(1 - first.number());
      other.cutOff(standbyAway);
      world.simulation().run(diesMs * Simulation.MS);
      first.kill();
      world.simulation().run((diesMs + AWAY_AFTER_MS) * Simulation.MS);
      other.cutOff(false);
      world.simulation().run(MINUTES * 60L * Simulation.SECOND);
      world.simulation().end();
      long lastMs = Long.MIN_VALUE;
      long firstMs = Long.MAX_VALUE;
      long storedMs = Long.MAX_VALUE;
      for (Map.Entry<Long, Stored> entry : samples(world).entrySet()) {
        if (Replica.authorOf(entry.getValue().valueBits()).equals(leader)) {
          lastMs = entry.getKey();
        } else if (entry.getValue().trueMs() > Simulation.EPOCH_MS + diesMs) {
          firstMs = Math.min(firstMs, entry.getKey());
          storedMs = Math.min(storedMs, entry.getValue().trueMs());
        }
      }
      return new Death(firstMs - lastMs, storedMs - Simulation.EPOCH_MS - diesMs);
    }
  }

  /** Returns the table as a page. */
  static String page(Map<String, Row> rows) {
    StringBuilder page = new StringBuilder();
    page.append("<!-- Generated by PolicyTableTest; do not edit. -->\n\n");
    page.append("| rules of | hole, mean / p95 | detection | overlap |");
    page.append(" false switches an hour |\n|---|---|---|---|---|\n");
    rows.forEach(
        (name, row) ->
            page.append(
                String.format(
                    Locale.ROOT,
                    "| %s | %.0f / %.0f s | %.0f s | %.1f s | %.1f |%n",
                    name,
                    row.hole(),
                    row.worstHole(),
                    row.detection(),
                    row.overlap(),
                    row.falseSwitches())));
    page.append("\nPublished rules with their defaults, on the same ").append(SEEDS);
    page.append(" seeds of the simulation: 3 connectors, random balancing, a pair\nthat sends");
    page.append(" every 5 s, and the leader dies.\n\n");
    page.append("- Hole: data time for which nothing is stored, beyond one scrape interval.\n");
    page.append("- Detection: wall time from death to the first stored sample of the other.\n");
    page.append("- Overlap: data time for which both are stored, if the other was cut off from a");
    page.append(" minute before the\n  death to 40 s after it.\n");
    page.append("- False switches: of a healthy pair that sends every 15 s, in ");
    page.append(HEALTHY_HOURS).append(" simulated hours.\n");
    return page.toString();
  }
}
