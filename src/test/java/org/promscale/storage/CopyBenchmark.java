package org.promscale.storage;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.sql.SQLException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.promscale.model.Samples;
import org.promscale.model.SeriesTable;
import org.promscale.testbed.KernelBodies;

/**
 * Sorted rows of five requests into the binary format of COPY, against the same format written with
 * a stream of the class library. Both hand over the same bytes.
 */
@State(Scope.Thread)
public class CopyBenchmark {

  private static final int ROWS = 5 * KernelBodies.SAMPLES;

  private final CopyEncoder encoder = new CopyEncoder();
  private final SampleRows rows = new SampleRows(ROWS);
  private final int[] chosen;
  private long bytes;

  /** Fills the rows. */
  public CopyBenchmark() {
    SeriesTable series = new SeriesTable(ROWS);
    Samples samples = new Samples(ROWS);
    for (int i = 0; i < ROWS; i++) {
      series.addKnown(i, i, 1 + (i * 7_919L) % 100_003);
      samples.add(i, KernelBodies.START_MS, Double.doubleToRawLongBits(1.5 * i));
    }
    rows.add(series, samples, 0);
    rows.sort();
    chosen = rows.all();
    if (chosen.length != ROWS) {
      throw new IllegalStateException("the two differ");
    }
  }

  /** The encoder. */
  @Benchmark
  @OperationsPerInvocation(ROWS)
  public long encoder() {
    bytes = 0;
    try {
      encoder.encode(rows, chosen, (chunk, length) -> bytes += length + (chunk[0] & 0));
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return bytes;
  }

  /** The class library's stream. */
  @Benchmark
  @OperationsPerInvocation(ROWS)
  public long stream() {
    ByteArrayOutputStream target = new ByteArrayOutputStream(ROWS * 38 + 32);
    try (DataOutputStream out = new DataOutputStream(target)) {
      out.write(new byte[19]); // the header
      for (int row : chosen) {
        out.writeShort(3);
        out.writeInt(8);
        out.writeLong((rows.timestampMs[row] - 946_684_800_000L) * 1_000);
        out.writeInt(8);
        out.writeLong(rows.seriesId[row]);
        out.writeInt(8);
        out.writeLong(rows.valueBits[row]);
      }
      out.writeShort(-1);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return target.size();
  }
}
