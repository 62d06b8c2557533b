package org.promscale.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the page says of a large catalog.
 *
 * @param of the raw results, or null
 */
record CatalogSection(@Nullable Results of) {

  private static final Map<String, String> QUESTIONS =
      Map.of(
          "label names", "names of labels and how many values each has, `prom_info.label`",
          "values of a label", "values of one label",
          "a metric", "one metric, `prom_info.metric`",
          "all metrics", "all metrics with their numbers of series",
          "series of a metric by label", "series of a metric by one label, `prom_series`",
          "series by label, all metrics", "series of all metrics by one label",
          "hour of a metric",
              "an hour of a metric, average over 5 minutes by one label, `prom_metric`");

  /** Returns the lines. */
  List<String> lines() {
    List<String> lines = new ArrayList<>(List.of("", "## A large catalog", ""));
    Results results = of;
    if (results == null) {
      lines.add("Not measured.");
      return lines;
    }
    double series = results.number("series");
    lines.add(
        Results.rough(series)
            + " series, 100 metrics of pods that came and went, of which the last hundredth has"
            + " samples, one a minute for an hour. The catalog takes "
            + Results.rough(results.number("catalogBytes") / series)
            + " bytes a series with its indexes.");
    lines.addAll(List.of("", "| question | s | rows |", "|---|---|---|"));
    for (String what : results.whats()) {
      if (QUESTIONS.containsKey(what)) {
        lines.add(
            "| "
                + QUESTIONS.get(what)
                + " | "
                + Results.spread(results.all(what, "seconds"))
                + " | "
                + Results.rough(results.median(what, "rows"))
                + " |");
      }
    }
    lines.addAll(
        List.of(
            "",
            "100,000 new series beside them: "
                + Results.spread(results.all("new series", "seconds"))
                + " s. Then "
                + Results.rough(results.number("forgotten"))
                + " series without samples were forgotten in "
                + Results.rough(results.number("forgettingSeconds"))
                + " s, the minute in which nothing happens between two runs of maintenance counted,"
                + " while a sender kept to 20,000 samples/s: "
                + Results.spread(results.all("while forgetting", "rate"))
                + " samples/s, p99 "
                + Results.spread(results.all("while forgetting", "p99Ms"))
                + " ms, slowest "
                + Results.spread(results.all("while forgetting", "maxMs"))
                + " ms."));
    return lines;
  }
}
