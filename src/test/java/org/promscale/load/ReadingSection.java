package org.promscale.load;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the page says of reading.
 *
 * @param of the raw results, or null
 */
record ReadingSection(@Nullable Results of) {

  /** Returns the lines. */
  List<String> lines() {
    List<String> lines = new ArrayList<>(List.of("", "## Reading", ""));
    Results results = of;
    if (results == null) {
      lines.add("Not measured.");
      return lines;
    }
    lines.add(
        Results.rough(results.number("rows"))
            + " rows of "
            + Results.rough(results.number("series"))
            + " series, a day at a sample every 10 s, in the order of arrival; vacuumed, in the"
            + " memory of the system. The average over five minutes of one metric with 1,000 series"
            + " by one label, from its view in `prom_metric`. PostgreSQL with its default settings"
            + " but 1 GB of shared buffers.");
    lines.addAll(
        List.of("", "| | 1 h, s | 24 h, s | bytes a row of this index |", "|---|---|---|---|"));
    double rows = results.number("rows");
    double key = results.number("indexBytes");
    lines.add(
        line(
            results,
            "**as Promscale stores**: primary key (series_id, time), BRIN (time)",
            "brin",
            results.number("indexBytes of brin") / rows));
    lines.add(line(results, "primary key alone", "key", key / rows));
    lines.add(line(results, "primary key alone, `random_page_cost = 1.1`", "key, SSD", Double.NaN));
    lines.add(
        line(
            results,
            "and an index with INCLUDE (value)",
            "value in index",
            results.number("indexBytes of value in index") / rows));
    lines.add(
        line(results, "primary key alone, the table clustered by it", "clustered", Double.NaN));
    lines.addAll(
        List.of(
            "",
            "The table takes "
                + Results.rough(results.number("tableBytes") / rows)
                + " bytes a row beside. Raw COPY with 2 connections: key alone "
                + Results.spread(results.all("copy, key", "rate"))
                + " rows/s, with the value in it "
                + Results.spread(results.all("copy, value in index", "rate"))
                + ", with BRIN (time) beside the key "
                + Results.spread(results.all("copy, brin", "rate"))
                + "."));
    return lines;
  }

  private static String line(Results results, String name, String what, double bytes) {
    return "| "
        + name
        + " | "
        + Results.spread(results.all(what + " 1 h", "seconds"))
        + " | "
        + Results.spread(results.all(what + " 24 h", "seconds"))
        + " | "
        + Results.rough(bytes)
        + " |";
  }
}
