package org.promscale.load;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a run of {@link PerformanceIT} is asked for.
 *
 * @param directory where the raw results go
 * @param seconds length of one measurement
 * @param warmUpSeconds sent before the first measurement of a receiver
 * @param repetitions of each comparison
 * @param only names of the scenarios to run; empty: all
 */
record Performance(
    Path directory, double seconds, double warmUpSeconds, int repetitions, List<String> only) {

  /** More than any receiver takes on two cores: bodies are made for it. */
  private static final long MOST_A_SECOND = 1_000_000;

  private static final long WARM_UP_A_SECOND = 400_000;

  /** HotSpot compiles for the last time after 15,000 calls, and then has a queue to work off. */
  private static final int SMALL_REQUESTS = 24_000;

  private static final int SMALL_REQUEST = 50;

  private static final int PATIENCE = 10;

  /** They take an hour, so only who names them gets them. */
  private static final Set<String> SOAKS = Set.of(SoakSection.PLAIN, SoakSection.COMPRESSED);

  static Performance fromSystemProperties() {
    double seconds = Double.parseDouble(System.getProperty("performance.seconds", "10"));
    return new Performance(
        Path.of(System.getProperty("performance.directory", "target/performance")),
        seconds,
        2 * seconds,
        Integer.getInteger("performance.repetitions", 5),
        Stream.of(System.getProperty("performance.only", "").split(",", -1))
            .map(String::strip)
            .filter(name -> !name.isEmpty())
            .toList());
  }

  boolean asksFor(String scenario) {
    return only.contains(scenario) || (only.isEmpty() && !SOAKS.contains(scenario));
  }

  /** Returns the samples that a measurement needs at most. */
  long samples() {
    return (long) (MOST_A_SECOND * seconds);
  }

  /**
   * Warms a receiver and its sender up: with so many small requests that a JVM has compiled what it
   * runs once a request, which a month of real ones would do as well; then with what it takes in
   * the time of a warm-up when nothing else runs: a slower one needs as many requests until all its
   * code is compiled. Returns the samples of the second part.
   */
  long warmUp(Sender sender) throws IOException {
    try (Sender small = sender.earlier(SMALL_REQUEST)) {
      small.prepare((long) SMALL_REQUEST * SMALL_REQUESTS);
      small.send(PATIENCE * warmUpSeconds, 0);
    }
    sender.prepare((long) (WARM_UP_A_SECOND * warmUpSeconds));
    return sender.samples(sender.send(PATIENCE * warmUpSeconds, 0));
  }

  /** Sample time at which loads begin: late enough that none of them ends in the future. */
  static long startMs() {
    return System.currentTimeMillis() - Duration.ofDays(3).toMillis();
  }
}
