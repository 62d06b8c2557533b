package org.promscale.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** What is asked for, and whether the raw results reach it. */
final class Goals {

  /**
   * A goal.
   *
   * @param what in words
   * @param scenario whose results tell
   * @param value NaN when they do not
   * @param limit the least value, or the most
   * @param atLeast whether more is better
   * @param unit behind the number
   */
  private record Goal(
      String what,
      String scenario,
      ToDoubleFunction<Results> value,
      double limit,
      boolean atLeast,
      String unit) {}

  /**
   * How a goal was met.
   *
   * @param measured NaN when it was not measured
   */
  record Outcome(String what, String asked, double measured, String unit, boolean reached) {

    /** Returns the measured value with its unit. */
    String measuredText() {
      return Double.isNaN(measured) ? "not measured" : Results.rough(measured) + unit;
    }
  }

  private static final List<Goal> ALL =
      List.of(
          new Goal(
              "durable, to raw binary COPY with 2 connections of the same rows",
              "throughput",
              r -> 100 * Results.median(r.ratios("durable", "copy-2", "rate")),
              60,
              true,
              " %"),
          new Goal(
              "durable, to Prometheus's own receiver",
              "throughput",
              r -> Results.median(r.ratios("durable", "prometheus", "rate")),
              3,
              true,
              " times"),
          new Goal(
              "durable, samples a CPU second of the connector",
              "throughput",
              r -> Results.median(r.quotients("durable", "samples", "receiverCpu")),
              1_000_000,
              true,
              ""),
          new Goal(
              "with high availability, to without",
              "high-availability",
              r -> 100 * Results.median(r.ratios("with", "without", "rate")),
              95,
              true,
              " %"),
          new Goal(
              "a standby alone, samples a CPU second of the connector",
              "standby",
              r -> Results.median(r.quotients("standby", "samples", "receiverCpu")),
              2_000_000,
              true,
              ""),
          new Goal(
              "p99 at half the maximum rate",
              "latency",
              r -> r.median("half", "p99Ms"),
              250,
              false,
              " ms"),
          new Goal(
              "100,000 new series on a fresh connector and database",
              "cold",
              r -> r.median("cold", "seconds"),
              10,
              false,
              " s"),
          new Goal(
              "1,000,000 series of two replicas in 512 MB of heap: live after a collection",
              "memory",
              r -> r.number("liveHeapBytes") / (1 << 20),
              512,
              false,
              " MB"),
          new Goal(
              "the same: answers 5xx in the steady state",
              "memory",
              r -> r.median("steady", "answers500") + r.median("steady", "answers503"),
              0,
              false,
              ""),
          new Goal(
              "the same: misses of the series cache in the steady state, to hits",
              "memory",
              r ->
                  100
                      * Results.median(
                          r.quotients(
                              "steady",
                              "promscale_cache_series_misses_total",
                              "promscale_cache_series_hits_total")),
              1,
              false,
              " %"),
          new Goal(
              "average over 5 minutes of 1,000 series, 1 hour",
              "reading",
              r -> r.median("brin 1 h", "seconds"),
              1,
              false,
              " s"),
          new Goal(
              "average over 5 minutes of 1,000 series, 24 hours",
              "reading",
              r -> r.median("brin 24 h", "seconds"),
              10,
              false,
              " s"));

  private Goals() {}

  /** Returns how every goal was met. */
  static List<Outcome> of(Map<String, Results> results) {
    List<Outcome> outcomes = new ArrayList<>();
    for (Goal goal : ALL) {
      Results of = results.get(goal.scenario);
      double measured = of == null ? Double.NaN : goal.value.applyAsDouble(of);
      outcomes.add(
          new Outcome(
              goal.what,
              (goal.atLeast ? "at least " : "at most ") + Results.rough(goal.limit) + goal.unit,
              measured,
              goal.unit,
              goal.atLeast ? measured >= goal.limit : measured <= goal.limit));
    }
    return outcomes;
  }
}
