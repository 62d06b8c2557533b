package org.promscale.ingest;

import java.time.Instant;
import java.time.InstantSource;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.promscale.model.Samples;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;
import org.promscale.testbed.KernelBodies;

/**
 * The check of a request's times, all of them good, against a bare loop that compares each time
 * with one bound.
 */
@State(Scope.Thread)
public class ValidationBenchmark {

  private final BatchValidator validator =
      new BatchValidator(
          InstantSource.fixed(Instant.ofEpochMilli(KernelBodies.START_MS)),
          () -> 0,
          new EveryTimePrepared(),
          60_000);
  private final WriteBatch batch = batch();

  private static WriteBatch batch() {
    SeriesTable series = new SeriesTable(KernelBodies.SAMPLES);
    Samples samples = new Samples(KernelBodies.SAMPLES);
    for (int i = 0; i < KernelBodies.SAMPLES; i++) {
      samples.add(series.addKnown(i, i, i + 1), KernelBodies.START_MS - i % 3, i);
    }
    return Batches.of(series, samples);
  }

  /** The validator. */
  @Benchmark
  @OperationsPerInvocation(KernelBodies.SAMPLES)
  public Object validator() {
    validator.validate(batch, new Rejections());
    return batch;
  }

  /** The bare loop. */
  @Benchmark
  @OperationsPerInvocation(KernelBodies.SAMPLES)
  public int bareLoop() {
    int good = 0;
    for (int i = 0; i < batch.samples().size(); i++) {
      if (batch.samples().timestampMs(i) <= KernelBodies.START_MS) {
        good++;
      }
    }
    return good;
  }
}
