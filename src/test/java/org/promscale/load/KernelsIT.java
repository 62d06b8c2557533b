package org.promscale.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Measures the kernels with JMH: {@code ./mvnw verify -Pload -Dit.test=KernelsIT}, with {@code
 * -Dbench.include=} for some of them. Prints nanoseconds and allocated bytes a sample, and ratios
 * against the baselines of the same run; all of it is in {@code target/kernels.json}. Nothing is
 * asserted but that all ran: machines are noisy.
 */
@Tag("load")
class KernelsIT {

  @Test
  void measure() throws Exception {
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include(System.getProperty("bench.include", "org.promscale..*Bench"))
                    .forks(Integer.getInteger("bench.forks", 2))
                    .warmupIterations(3)
                    .warmupTime(TimeValue.seconds(2))
                    .measurementIterations(5)
                    .measurementTime(TimeValue.seconds(2))
                    .jvmArgsAppend("-Xmx1g", "-XX:+UseSerialGC")
                    .addProfiler(GCProfiler.class)
                    .resultFormat(ResultFormatType.JSON)
                    .result("target/kernels.json")
                    .build())
            .run();
    assertThat(results).isNotEmpty();

    Map<String, Double> nanos = new TreeMap<>();
    for (RunResult result : results) {
      String name = result.getParams().getBenchmark().replaceAll(".*\\.(\\w+\\.\\w+)", "$1");
      Result<?> time = result.getPrimaryResult();
      nanos.put(name, time.getScore());
      System.out.printf(
          "KernelsIT: %-38s %8.2f ns (+- %.2f), %8.2f bytes%n",
          name, time.getScore(), time.getScoreError(), allocated(result));
    }
    ratio(nanos, "DecodeBench.ours", "DecodeBench.generatedParser");
    ratio(nanos, "DecodeBench.oursCompressed", "DecodeBench.generatedParserCompressed");
    ratio(nanos, "HashBench.keyedHash", "HashBench.sha256");
  }

  @SuppressWarnings("rawtypes") // a signature of JMH
  private static double allocated(RunResult result) {
    for (var one : result.getSecondaryResults().values()) {
      if (one.getLabel().endsWith("gc.alloc.rate.norm")) {
        return one.getScore();
      }
    }
    return Double.NaN;
  }

  private static void ratio(Map<String, Double> nanos, String ours, String baseline) {
    if (nanos.containsKey(ours) && nanos.containsKey(baseline)) {
      System.out.printf(
          "KernelsIT: %s is %.2f times as fast as %s%n",
          ours, nanos.get(baseline) / nanos.get(ours), baseline);
    }
  }
}
