package org.promscale.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Measures the kernels and prints what a sample costs and how each compares with its baseline:
 * {@code ./mvnw test -Pjmh}. Everything goes to {@code target/kernels.json} too. Settings: {@code
 * jmh.only}, a regular expression of the benchmarks that run; {@code jmh.forks}, {@code
 * jmh.iterations}.
 */
class KernelFigures {

  private static final Map<String, String> BASELINES =
      Map.of(
          "DecodeBenchmark.decoder", "DecodeBenchmark.generatedParser",
          "DecodeBenchmark.decoderSnappy", "DecodeBenchmark.generatedParserSnappy",
          "SeriesHashBenchmark.keyedHash", "SeriesHashBenchmark.sha256Digest",
          "CopyBenchmark.encoder", "CopyBenchmark.stream",
          "ValidationBenchmark.validator", "ValidationBenchmark.bareLoop",
          "RoutingBenchmark.standby", "RoutingBenchmark.leader");

  @Test
  void measure() throws RunnerException {
    int iterations = Integer.getInteger("jmh.iterations", 3);
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include("org.promscale.*" + System.getProperty("jmh.only", ""))
                    .mode(Mode.Throughput)
                    .threads(1)
                    .forks(Integer.getInteger("jmh.forks", 2))
                    .warmupIterations(iterations)
                    .warmupTime(TimeValue.seconds(1))
                    .measurementIterations(iterations)
                    .measurementTime(TimeValue.seconds(1))
                    .jvmArgs("-Xms1g", "-Xmx1g", "-XX:+UseSerialGC")
                    .addProfiler(GCProfiler.class)
                    .addProfiler(CpuProfiler.class)
                    .shouldFailOnError(true)
                    .resultFormat(ResultFormatType.JSON)
                    .result("target/kernels.json")
                    .build())
            .run();
    assertThat(results).isNotEmpty();
    print(results);
  }

  private static void print(Collection<RunResult> results) {
    Map<String, RunResult> byName = new TreeMap<>();
    for (RunResult result : results) {
      String[] name = result.getParams().getBenchmark().split("\\.", -1);
      byName.put(name[name.length - 2] + "." + name[name.length - 1], result);
    }
    System.out.printf(
        "%n%-46s %12s %14s %10s  %s%n",
        "", "samples/s", "per CPU second", "B/sample", "times the baseline, CPU");
    byName.forEach(
        (name, result) -> {
          double rate = secondary(result, CpuProfiler.NAME);
          RunResult baseline = byName.get(BASELINES.getOrDefault(name, ""));
          System.out.printf(
              "%-46s %,12.0f %,14.0f %10.1f  %s%n",
              name,
              result.getPrimaryResult().getScore(),
              rate,
              secondary(result, "gc.alloc.rate.norm"),
              baseline == null
                  ? ""
                  : String.format("%.2f", rate / secondary(baseline, CpuProfiler.NAME)));
        });
  }

  private static double secondary(RunResult result, String name) {
    Result<?> found = result.getSecondaryResults().get(name);
    return found == null ? Double.NaN : found.getScore();
  }
}
