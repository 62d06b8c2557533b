package org.promscale.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/**
 * Makes {@code docs/performance.md} of raw results. Every number comes out of them; the only words
 * that do not are those of the file {@code binds.md} beside them.
 */
final class PerformancePage {

  /** The page. */
  static final Path PAGE = Path.of("docs/performance.md");

  /** The raw results that the page is made of. */
  static final Path RAW = Path.of("docs/performance");

  private static final String BINDS = "binds.md";

  private static final double MOST_OF_OTHERS = 0.1;

  private final Map<String, Results> results;
  private final List<String> lines = new ArrayList<>();

  private PerformancePage(Map<String, Results> results) {
    this.results = results;
  }

  /** Returns the page of a directory of raw results. */
  static String of(Path raw) throws IOException {
    Path binds = raw.resolve(BINDS);
    return text(Results.read(raw), Files.exists(binds) ? Files.readString(binds) : "");
  }

  /** Copies raw results to where the page has them, and makes the page. */
  static void publish(Path raw) throws IOException {
    Files.createDirectories(RAW);
    try (Stream<Path> files = Files.list(raw)) {
      boolean elsewhere = !Files.isSameFile(raw, RAW);
      for (Path file : files.filter(f -> elsewhere && f.toString().endsWith(".json")).toList()) {
        Files.copy(file, RAW.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Files.writeString(PAGE, of(RAW));
    for (SoakSection soak : SoakSection.all(Results.read(RAW))) {
      String picture = soak.picture();
      if (!picture.isEmpty()) {
        Files.writeString(PAGE.resolveSibling(soak.file()), picture);
      }
    }
  }

  /**
   * Returns the page.
   *
   * @param results by scenario
   * @param binds what the measured numbers come from, in words
   */
  static String text(Map<String, Results> results, String binds) {
    PerformancePage page = new PerformancePage(results);
    page.head();
    page.warning();
    page.goals();
    page.rates();
    page.highAvailability();
    page.others();
    page.profile(binds);
    page.origin();
    return String.join("\n", page.lines) + "\n";
  }

  private void add(String... more) {
    lines.addAll(List.of(more));
  }

  private void heading(String title) {
    add("", "## " + title, "");
  }

  private void head() {
    add(
        "# Performance",
        "",
        "Made from the raw results in [performance/](performance/) by a program; a test compares it."
            + " Measure anew, on a machine that does nothing else, for three quarters of an hour:",
        "",
        "```sh",
        "./mvnw verify -Pload -Dit.test=PerformanceIT -Dperformance.publish=target/performance",
        "```",
        "",
        "Sender, connector and PostgreSQL share the machine. Requests of 2,000 samples, series of a"
            + " real node exporter, 20,000 of them and 8 connections unless it says otherwise. A rate"
            + " is rows visible in SQL by the time from the first byte sent to the last answer,"
            + " which comes after the commit. What is compared was measured in turns, all of it warm,"
            + " with empty tables; numbers are medians, in brackets the least and the most.");
  }

  /** On a machine that others use, rates are too small and ratios waver. */
  private void warning() {
    List<String> disturbed =
        results.entrySet().stream()
            .filter(entry -> entry.getValue().othersShare() > MOST_OF_OTHERS)
            .map(Map.Entry::getKey)
            .sorted()
            .toList();
    if (!disturbed.isEmpty()) {
      add(
          "",
          "**Others used more than a tenth of the processors while these were measured, their rates"
              + " are too small: "
              + String.join(", ", disturbed)
              + ".**");
    }
  }

  private void goals() {
    heading("What is asked for");
    add("| | asked for | measured | |", "|---|---|---|---|");
    List<Goals.Outcome> outcomes = Goals.of(results);
    for (Goals.Outcome goal : outcomes) {
      String verdict =
          Double.isNaN(goal.measured()) ? "" : goal.reached() ? "reached" : "**not reached**";
      row(goal.what(), goal.asked(), goal.measuredText(), verdict);
    }
  }

  private void row(String... cells) {
    add("| " + String.join(" | ", cells) + " |");
  }

  /** A table of rates: a line for each thing that was measured. */
  private void rates(String scenario, String first, Map<String, String> names) {
    Results of = results.get(scenario);
    if (of == null) {
      add("Not measured.");
      return;
    }
    add(
        "| "
            + first
            + " | samples/s | a CPU second of the receiver | CPU µs a sample:"
            + " receiver, PostgreSQL, sender, others | p50 ms | p99 ms |",
        "|---|---|---|---|---|---|");
    for (String what : of.whats()) {
      row(
          names.getOrDefault(what, what),
          Results.spread(of.all(what, "rate")),
          Results.rough(Results.median(of.quotients(what, "samples", "receiverCpu"))),
          Stream.of("receiverCpu", "postgresqlCpu", "senderCpu", "othersCpu")
              .map(cpu -> micros(of, what, cpu))
              .reduce((a, b) -> a + ", " + b)
              .orElse(""),
          Results.rough(of.median(what, "p50Ms")),
          Results.rough(of.median(what, "p99Ms")));
    }
  }

  private static String micros(Results of, String what, String cpu) {
    String value = Results.rough(1e6 * Results.median(of.quotients(what, cpu, "samples")));
    return value.isEmpty() ? "–" : value;
  }

  private void rates() {
    heading("As fast as it goes");
    rates(
        "throughput",
        "",
        Map.of(
            "durable", "connector, durable",
            "asynchronous", "connector, `-db.synchronous-commit=false`",
            "prometheus", "Prometheus's own receiver (its log is not flushed to disk)",
            "copy-1", "raw binary COPY, 1 connection",
            "copy-2", "raw binary COPY, 2 connections",
            "copy-4", "raw binary COPY, 4 connections",
            "copy-bare", "raw binary COPY, 2 connections, a table without any index"));
    Results of = results.get("throughput");
    if (of != null) {
      add("", "| in the same turn | % |", "|---|---|");
      for (String base :
          List.of("copy-1", "copy-2", "copy-4", "copy-bare", "prometheus", "asynchronous")) {
        row("durable to " + base, percent(of.ratios("durable", base, "rate")));
      }
    }
    heading("In a table that is filled already");
    add(
        "Ten million rows and more before: each series has had pages of its own in the index for a"
            + " while.",
        "");
    rates(
        "filled",
        "",
        Map.of(
            "filled",
            "connector, durable",
            "copy-2",
            "raw binary COPY of the same rows, 2 connections, onto the same",
            "copy-2 by time",
            "likewise, with the primary key (time, series_id)"));
    Results filled = results.get("filled");
    if (filled != null) {
      add("", "Durable to raw COPY: " + percent(filled.ratios("filled", "copy-2", "rate")) + " %.");
    }
    heading("Active series");
    add("Each connector has met its series before.", "");
    rates("series", "series", Map.of());
    heading("Senders");
    add("Connections with one request in flight each.", "");
    rates("senders", "connections", Map.of());
    heading("Half the rate");
    rates("latency", "", Map.of("full", "as fast as it goes", "half", "half of that"));
  }

  private static String percent(List<Double> ratios) {
    return Results.spread(ratios.stream().map(ratio -> 100 * ratio).toList());
  }

  private void highAvailability() {
    heading("High availability");
    rates("high-availability", "", Map.of("with", "with", "without", "without"));
    Results pairs = results.get("high-availability");
    if (pairs != null) {
      List<Double> ratios = pairs.ratios("with", "without", "rate");
      add(
          "",
          "With it, of the rate without: "
              + percent(ratios)
              + " % over "
              + ratios.size()
              + " pairs, who is first alternating. CPU of the connector a sample, with to without: "
              + percent(
                  pairs.ratios("with", "without", "receiverCpu").isEmpty()
                      ? List.of()
                      : perSample(pairs))
              + " %.");
    }
    heading("A standby alone");
    add(
        "Sends what its leader has stored in the turn before: it is held in memory. It is compared with"
            + " what is stored when the leader is far enough ahead, which is later here, and part of the"
            + " CPU of the million series below.",
        "");
    rates("standby", "", Map.of("leader", "the leader", "standby", "its standby"));
    Results standby = results.get("standby");
    if (standby != null) {
      add(
          "",
          "Requests compared while it was sending: "
              + Results.spread(standby.all("standby", "requestsCompared"))
              + "; held at the end: "
              + Results.spread(
                  standby.all("standby", "heldBytes").stream().map(b -> b / (1 << 20)).toList())
              + " MB; rows that the standby has added: "
              + Results.rough(standby.median("standby", "rowsAdded"))
              + "; part of the connector's CPU that the JVM's compiler took: "
              + percent(standby.quotients("standby", "compilerCpu", "receiverCpu"))
              + " %.");
    }
  }

  private static List<Double> perSample(Results pairs) {
    List<Double> with = pairs.quotients("with", "receiverCpu", "samples");
    List<Double> without = pairs.quotients("without", "receiverCpu", "samples");
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < Math.min(with.size(), without.size()); i++) {
      ratios.add(with.get(i) / without.get(i));
    }
    return ratios;
  }

  private void others() {
    heading("Cold start");
    add(
        "The first 100,000 series of a fresh connector on a fresh database, one sample each; some"
            + " come twice.",
        "");
    add(
        "| seconds | CPU s: connector | PostgreSQL | p99 ms | slowest ms |",
        "|---|---|---|---|---|");
    figures("cold", "cold", "seconds", "receiverCpu", "postgresqlCpu", "p99Ms", "maxMs");
    new MemorySection(results.get("memory")).lines().forEach(this::add);
    new ReadingSection(results.get("reading")).lines().forEach(this::add);
    new CatalogSection(results.get("catalog")).lines().forEach(this::add);
    SoakSection.all(results).forEach(soak -> soak.lines().forEach(this::add));
  }

  private void figures(String scenario, String what, String... names) {
    Results of = results.get(scenario);
    ToDoubleFunction<String> none = name -> Double.NaN;
    row(
        Stream.of(names)
            .map(
                name ->
                    of == null
                        ? Results.rough(none.applyAsDouble(name))
                        : Results.spread(of.all(what, name)))
            .toArray(String[]::new));
  }

  private void profile(String binds) {
    heading("What binds");
    if (!binds.isBlank()) {
      add(binds.strip(), "");
    }
    Results of = results.get("profile");
    if (of == null) {
      return;
    }
    shares(of, "The connector's threads on the processor, by whose work it is", "connectorByArea");
    shares(of, "By method", "connectorByMethod");
    shares(of, "Sessions in a transaction, by what they do", "sessions");
  }

  /** What the looks have seen, in parts of a hundred. */
  private void shares(Results of, String title, String name) {
    add("| " + title + " | % |", "|---|---|");
    of.map(name)
        .forEach(
            (key, share) ->
                row("`" + key.replace("|", "\\|") + "`", Results.rough(100 * (double) share)));
    add("");
  }

  private void origin() {
    heading("Where it comes from");
    add(
        "| scenario | measured | commit | a measurement | others used of the processors | machine |",
        "|---|---|---|---|---|---|");
    results.forEach(
        (scenario, of) ->
            row(
                "[" + scenario + "](performance/" + scenario + ".json)",
                of.text("date"),
                of.text("commit"),
                of.text("seconds") + " s",
                Results.rough(100 * of.othersShare()) + " %",
                machine(of)));
    TreeSet<String> programs = new TreeSet<>();
    results.values().forEach(of -> programs.add(of.machine("jdk")));
    results.values().forEach(of -> programs.add(of.machine("postgresql")));
    add("", "With " + String.join("; ", programs) + ".");
  }

  private static String machine(Results of) {
    return of.machine("cores")
        + " cores of "
        + of.machine("cpu")
        + ", "
        + of.machine("memoryMb")
        + " MB, "
        + of.machine("kernel");
  }
}
