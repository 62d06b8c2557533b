package org.promscale.load;

import java.lang.management.ManagementFactory;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Operations per second of the processor that a fork has used, its collector and compilers
 * included: on a machine that others use too, it says more than those per second of the clock.
 */
public final class CpuProfiler implements InternalProfiler {

  /** The name of the result. */
  static final String NAME = "cpu.rate";

  private long startNanos;

  @Override
  public String getDescription() {
    return "operations per second of CPU time";
  }

  @Override
  public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
    startNanos = cpuNanos();
  }

  @Override
  public Collection<? extends Result<?>> afterIteration(
      BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
    double seconds = (cpuNanos() - startNanos) / 1e9;
    double rate = result.getMetadata().getAllOps() / seconds;
    return List.of(new ScalarResult(NAME, rate, "ops/s", AggregationPolicy.AVG));
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }
}
