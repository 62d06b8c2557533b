package org.promscale.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the page says of a soak, and the picture of it.
 *
 * @param scenario its name
 * @param of the raw results, or null
 */
record SoakSection(String scenario, @Nullable Results of) {

  /** On plain PostgreSQL. */
  static final String PLAIN = "soak";

  /** On hypertables whose chunks are compressed meanwhile. */
  static final String COMPRESSED = "soak-timescale";

  private static final String WHAT = "minute";
  private static final int WIDTH = 640;
  private static final int PANEL = 110;
  private static final int LEFT = 150;
  private static final int LINE = 70;

  /**
   * A curve.
   *
   * @param unit what a value is divided by before it is shown
   */
  private record Curve(String title, String figure, double unit) {}

  private static final List<Curve> CURVES =
      List.of(
          new Curve("samples stored a minute, M", "stored", 1e6),
          new Curve("p99 of an answer, ms", "p99Ms", 1),
          new Curve("heap after collection, MB", "heapAfterGcBytes", 1 << 20),
          new Curve("connections to PostgreSQL", "connections", 1),
          new Curve("tables and indexes, GB", "tableBytes", 1 << 30),
          new Curve("series in the catalog", "series", 1));

  /** Returns all of them. */
  static List<SoakSection> all(Map<String, Results> results) {
    return List.of(
        new SoakSection(PLAIN, results.get(PLAIN)),
        new SoakSection(COMPRESSED, results.get(COMPRESSED)));
  }

  /** Returns where the page has the picture. */
  String file() {
    return "images/" + scenario + ".svg";
  }

  /** Returns the lines. */
  List<String> lines() {
    boolean compressed = scenario.equals(COMPRESSED);
    List<String> lines = new ArrayList<>();
    lines.addAll(
        List.of("", compressed ? "### With TimescaleDB, compressing" : "## An hour of it", ""));
    Results results = of;
    if (results == null) {
      lines.add("Not measured.");
      return lines;
    }
    double stored = results.all(WHAT, "stored").stream().mapToDouble(Double::doubleValue).sum();
    double seconds = results.all(WHAT, "seconds").stream().mapToDouble(Double::doubleValue).sum();
    lines.add(
        "Half the rate of just before, "
            + Results.rough(results.number("pace"))
            + " samples/s, for "
            + Results.rough(seconds / 60)
            + " minutes with 512 MB of heap, while sample time passes fast, a tenth of the machines is"
            + " replaced in an hour and days become too old: "
            + (long) last(results, "dropped")
            + " partitions were dropped"
            + (compressed
                ? ", "
                    + (long) last(results, "compressed")
                    + " chunks were compressed by"
                    + " TimescaleDB "
                    + results.text("timescaledb")
                : "")
            + ". Stored, of rate x time: "
            + Results.rough(100 * stored / (results.number("pace") * seconds))
            + " %. p99 of a minute: "
            + Results.spread(results.all(WHAT, "p99Ms"))
            + " ms.");
    lines.addAll(
        List.of("", "![Rate, latency, heap, connections and size over time](" + file() + ")"));
    return lines;
  }

  private static double last(Results results, String figure) {
    List<Double> all = results.all(WHAT, figure);
    return all.isEmpty() ? 0 : all.get(all.size() - 1);
  }

  /** Returns the picture, empty where nothing was measured. */
  String picture() {
    Results results = of;
    if (results == null) {
      return "";
    }
    List<Curve> curves =
        CURVES.stream().filter(curve -> !results.all(WHAT, curve.figure()).isEmpty()).toList();
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
                + " font-size=\"12\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n",
            WIDTH + LEFT,
            curves.size() * PANEL + 20));
    for (int i = 0; i < curves.size(); i++) {
      panel(svg, curves.get(i), results.all(WHAT, curves.get(i).figure()), i * PANEL + 20);
    }
    return svg.append("</svg>\n").toString().replace("\r", "");
  }

  private static void panel(StringBuilder svg, Curve curve, List<Double> values, int top) {
    double most = values.stream().mapToDouble(Double::doubleValue).max().orElse(0);
    double least = values.stream().mapToDouble(Double::doubleValue).min().orElse(0);
    StringBuilder points = new StringBuilder();
    for (int i = 0; i < values.size(); i++) {
      double x = LEFT + (WIDTH - 20.0) * i / Math.max(1, values.size() - 1);
      // From zero: what is flat looks flat.
      double y = top + LINE - (most == 0 ? 0 : LINE * values.get(i) / most);
      points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y));
    }
    svg.append(
        String.format(
            Locale.ROOT,
            "<text x=\"8\" y=\"%d\">%s</text>%n<text x=\"8\" y=\"%d\" fill=\"gray\">%s to %s</text>%n"
                + "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"lightgray\"/>%n"
                + "<polyline fill=\"none\" stroke=\"steelblue\" stroke-width=\"1.5\" points=\"%s\"/>%n",
            top - 4,
            curve.title(),
            top + 14,
            Results.rough(least / curve.unit()),
            Results.rough(most / curve.unit()),
            LEFT,
            top + LINE,
            LEFT + WIDTH - 20,
            top + LINE,
            points.toString().strip()));
  }
}
