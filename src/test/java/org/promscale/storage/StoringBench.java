package org.promscale.storage;

import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.promscale.ha.HaLabels;
import org.promscale.ingest.BatchValidator;
import org.promscale.ingest.EveryTimePrepared;
import org.promscale.ingest.Rejections;
import org.promscale.load.BenchBodies;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;
import org.promscale.wire.BufferPool;
import org.promscale.wire.CompressedDecoder;
import org.promscale.wire.WireLimits;

/** What becomes of decoded samples before they reach the database, per sample. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class StoringBench {

  /** Requests of a transaction under load. */
  private static final int REQUESTS = 8;

  private static final int ROWS = REQUESTS * BenchBodies.SAMPLES;

  private final BatchValidator validator =
      new BatchValidator(
          InstantSource.fixed(java.time.Instant.ofEpochMilli(1_795_000_600_000L)),
          () -> 0,
          new EveryTimePrepared(),
          600_000);
  private final CopyEncoder encoder = new CopyEncoder();
  private final List<WriteBatch> batches = new ArrayList<>();
  private SampleRows sorted = new SampleRows(0);
  private int[] all = new int[0];
  private int next;

  /** Decodes some requests. */
  @Setup
  public void prepare() {
    CompressedDecoder decoder =
        new CompressedDecoder(
            WireLimits.DEFAULT,
            new BufferPool(2, 4 << 20),
            HaLabels.OFF,
            (high, low) -> SeriesTable.UNKNOWN_ID,
            1,
            2);
    long id = 0;
    for (byte[] body : BenchBodies.compressed(Map.of()).subList(0, REQUESTS)) {
      WriteBatch batch = decoder.decode(WriteBatch.DEFAULT_TENANT, body);
      for (int row = 0; row < batch.series().size(); row++) {
        batch.series().assignId(row, ++id);
      }
      batches.add(batch);
    }
    sorted = rows();
    sorted.sort();
    all = sorted.all();
  }

  private SampleRows rows() {
    SampleRows rows = new SampleRows(ROWS);
    for (int i = 0; i < REQUESTS; i++) {
      rows.add(batches.get(i).series(), batches.get(i).samples(), i);
    }
    return rows;
  }

  /** Times, and what PostgreSQL cannot hold. */
  @Benchmark
  @OperationsPerInvocation(BenchBodies.SAMPLES)
  public Rejections validation() {
    next = (next + 1) % REQUESTS;
    Rejections rejections = new Rejections();
    validator.validate(batches.get(next), rejections);
    return rejections;
  }

  /** The rows of a transaction, gathered and sorted. */
  @Benchmark
  @OperationsPerInvocation(ROWS)
  public SampleRows sorting() {
    SampleRows rows = rows();
    rows.sort();
    return rows;
  }

  /** The same rows in the binary format of COPY. */
  @Benchmark
  @OperationsPerInvocation(ROWS)
  public long copyEncoding() throws SQLException {
    long[] written = new long[1];
    encoder.encode(sorted, all, (bytes, length) -> written[0] += length);
    return written[0];
  }
}
