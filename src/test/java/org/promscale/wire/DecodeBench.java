package org.promscale.wire;

import java.io.IOException;
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
import org.promscale.load.BenchBodies;
import org.promscale.model.SeriesHasher;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;
import org.promscale.storage.SeriesCache;
import org.promscale.wire.proto.RemoteWriteV1;
import org.xerial.snappy.Snappy;

/**
 * Decoding a request, per sample. {@code ours} checks the request, finds the id of each series in a
 * warm cache and lists the samples by it. The baseline {@code generatedParser} makes the objects of
 * the generated parser and reads time and value of each sample; it neither checks nor looks up
 * anything, so it does less.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(BenchBodies.SAMPLES)
public class DecodeBench {

  private final SeriesCache cache = new SeriesCache(2 * BenchBodies.SERIES);
  private final BufferPool buffers = new BufferPool(2, 4 << 20);
  private final CompressedDecoder decoder =
      new CompressedDecoder(WireLimits.DEFAULT, buffers, HaLabels.OFF, cache, 1, 2);
  private List<byte[]> bodies = List.of();
  private List<byte[]> raw = List.of();
  private int next;

  /** Makes the bodies and fills the cache. */
  @Setup
  public void prepare() throws IOException {
    bodies = BenchBodies.compressed(Map.of());
    raw = bodies.stream().map(DecodeBench::uncompressed).toList();
    long id = 0;
    for (byte[] body : bodies) {
      SeriesTable series = decoder.decode(WriteBatch.DEFAULT_TENANT, body).series();
      for (int row = 0; row < series.size(); row++) {
        if (series.id(row) == SeriesTable.UNKNOWN_ID) {
          cache.put(series.hashHigh(row), series.hashLow(row), ++id, cache.epoch());
        }
      }
    }
    if (id != BenchBodies.SERIES) {
      throw new IllegalStateException(id + " series");
    }
  }

  private static byte[] uncompressed(byte[] body) {
    try {
      return Snappy.uncompress(body);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private byte[] nextOf(List<byte[]> all) {
    next = (next + 1) % BenchBodies.BODIES;
    return all.get(next);
  }

  /** Without decompression. */
  @Benchmark
  public WriteBatch ours() {
    byte[] body = nextOf(raw);
    return known(
        new RemoteWriteV1Decoder(
                body,
                body.length,
                WriteBatch.DEFAULT_TENANT,
                WireLimits.DEFAULT,
                HaLabels.OFF,
                cache,
                new SeriesHasher(1, 2))
            .decode()
            .batch());
  }

  /** The baseline of {@link #ours}. */
  @Benchmark
  public long generatedParser() throws IOException {
    return sum(RemoteWriteV1.WriteRequest.parseFrom(nextOf(raw)));
  }

  /** With decompression, as a request comes. */
  @Benchmark
  public WriteBatch oursCompressed() {
    return known(decoder.decode(WriteBatch.DEFAULT_TENANT, nextOf(bodies)));
  }

  /** The baseline of {@link #oursCompressed}. */
  @Benchmark
  public long generatedParserCompressed() throws IOException {
    return sum(RemoteWriteV1.WriteRequest.parseFrom(Snappy.uncompress(nextOf(bodies))));
  }

  private static WriteBatch known(WriteBatch batch) {
    if (batch.series().unknownCount() > 0 || batch.samples().size() != BenchBodies.SAMPLES) {
      throw new IllegalStateException("the cache is not warm");
    }
    return batch;
  }

  private static long sum(RemoteWriteV1.WriteRequest request) {
    long sum = 0;
    for (RemoteWriteV1.TimeSeries series : request.getTimeseriesList()) {
      for (RemoteWriteV1.Sample sample : series.getSamplesList()) {
        sum += sample.getTimestamp() + Double.doubleToRawLongBits(sample.getValue());
      }
    }
    return sum;
  }
}
