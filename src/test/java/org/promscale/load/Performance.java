package org.promscale.load;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
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

  private static final int PATIENCE = 10;

  /** Takes an hour, so only who names it gets it. */
  private static final String SOAK = "soak";

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
    return only.contains(scenario) || (only.isEmpty() && !scenario.equals(SOAK));
  }

  /** Returns the samples that a measurement needs at most. */
  long samples() {
    return (long) (MOST_A_SECOND * seconds);
  }

  /**
   * Warms a receiver and its sender up, with what it takes in the time of a warm-up when nothing
   * else runs: a slower one needs as many requests until all its code is compiled. Returns the
   * samples sent.
   */
  long warmUp(Sender sender) throws IOException {
    sender.prepare((long) (WARM_UP_A_SECOND * warmUpSeconds));
    return sender.samples(sender.send(PATIENCE * warmUpSeconds, 0));
  }

  /** Sample time at which loads begin: late enough that none of them ends in the future. */
  static long startMs() {
    return System.currentTimeMillis() - Duration.ofDays(3).toMillis();
  }
}
