package org.promscale.load;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/**
 * What high availability costs: the same load without and with it, each on a fresh database and a
 * fresh connector, one right after the other, who is first alternating. The sender is a leader in
 * both: it sends the same labels, only the connector's flag differs.
 */
final class LoadPairs {

  private static final String FLAG = "-metrics.high-availability";

  private final LoadSettings without;
  private final LoadSettings with;
  private final int pairs;
  private final PrintStream out;

  LoadPairs(LoadSettings settings, int pairs, PrintStream out) {
    this.without = settings.asReplica();
    this.with = this.without.withConnectorArgument(FLAG);
    this.pairs = pairs;
    this.out = out;
  }

  void run() throws Exception {
    List<Double> ratios = new ArrayList<>();
    for (int pair = 1; pair <= pairs; pair++) {
      boolean withFirst = pair % 2 == 0;
      double first = new LoadRun(withFirst ? with : without, out).run();
      double second = new LoadRun(withFirst ? without : with, out).run();
      double ratio = withFirst ? first / second : second / first;
      ratios.add(ratio);
      out.printf(
          "Pair %d of %d (%s first): with high availability %.1f %% of the samples/s without%n",
          pair, pairs, withFirst ? "with" : "without", 100 * ratio);
    }
    out.printf(
        "High availability: median %.1f %% of the samples/s without, over %d pairs: %s%n",
        100 * median(ratios),
        pairs,
        ratios.stream().sorted().map(ratio -> "%.1f".formatted(100 * ratio)).toList());
  }

  static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
