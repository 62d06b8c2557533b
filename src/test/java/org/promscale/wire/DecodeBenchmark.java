package org.promscale.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.List;
import java.util.Objects;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;
import org.promscale.ha.HaLabels;
import org.promscale.model.Samples;
import org.promscale.model.SeriesHasher;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;
import org.promscale.storage.SeriesCache;
import org.promscale.testbed.KernelBodies;
import org.promscale.wire.proto.RemoteWriteV1.Label;
import org.promscale.wire.proto.RemoteWriteV1.Sample;
import org.promscale.wire.proto.RemoteWriteV1.TimeSeries;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/**
 * A request from bytes to series with ids and samples in columns, every series in the cache. The
 * decoder against the generated parser, which makes the same result with the same hash, cache and
 * columns: what differs is how one gets at labels and samples. The decoder also looks for what is
 * wrong with a label set; the parser's side leaves that out. Requests in turn, so that neither the
 * bodies nor the cache of 100,000 series stay in the processor's near caches.
 */
@State(Scope.Thread)
public class DecodeBenchmark {

  private static final long KEY_0 = 0x0706050403020100L;
  private static final long KEY_1 = 0x0f0e0d0c0b0a0908L;

  private final List<byte[]> raw = KernelBodies.raw("a");
  private final List<byte[]> compressed = KernelBodies.compressed(raw);
  private final SeriesCache cache = new SeriesCache(200_000);
  private final SeriesHasher hasher = new SeriesHasher(KEY_0, KEY_1);
  private final CompressedDecoder decoder =
      new CompressedDecoder(
          WireLimits.DEFAULT, new BufferPool(4, 4 << 20), HaLabels.OFF, cache, KEY_0, KEY_1);
  private final byte[] scratch = new byte[4_096];
  private byte[] plain = new byte[1 << 20];
  private int next;

  /** Fills the cache, and finds out whether both sides do the same. */
  public DecodeBenchmark() {
    for (int i = 0; i < KernelBodies.COUNT; i++) {
      SeriesTable series = decode(raw.get(i)).series();
      for (int row = 0; row < series.size(); row++) {
        long high = series.hashHigh(row);
        long low = series.hashLow(row);
        if (cache.resolve(high, low) == SeriesTable.UNKNOWN_ID) {
          cache.put(high, low, cache.size() + 1, cache.epoch());
        }
      }
    }
    if (cache.size() != 100_000) {
      throw new IllegalStateException("not as many series: " + cache.size());
    }
    for (int i = 0; i < KernelBodies.COUNT; i += 7) {
      requireSame(decode(raw.get(i)), parse(raw.get(i), raw.get(i).length));
    }
  }

  private static void requireSame(WriteBatch ours, Parsed theirs) {
    for (int i = 0; i < KernelBodies.SAMPLES; i++) {
      int row = theirs.samples().series(i);
      if (ours.series().id(ours.samples().series(i)) != theirs.series().id(row)
          || ours.samples().timestampMs(i) != theirs.samples().timestampMs(i)
          || ours.samples().valueBits(i) != theirs.samples().valueBits(i)) {
        throw new IllegalStateException("the two differ at sample " + i);
      }
    }
  }

  private byte[] next(List<byte[]> bodies) {
    next = (next + 1) % KernelBodies.COUNT;
    return bodies.get(next);
  }

  /** The decoder. */
  @Benchmark
  @OperationsPerInvocation(KernelBodies.SAMPLES)
  public Object decoder() {
    return decode(next(raw));
  }

  /** The decoder as the connector calls it, with decompression. */
  @Benchmark
  @OperationsPerInvocation(KernelBodies.SAMPLES)
  public Object decoderSnappy() {
    return decoder.decode(0, next(compressed));
  }

  /** The generated parser, then every label hashed, every series looked up, samples listed. */
  @Benchmark
  @OperationsPerInvocation(KernelBodies.SAMPLES)
  public Object generatedParser() {
    byte[] body = next(raw);
    return parse(body, body.length);
  }

  /** The same with decompression. */
  @Benchmark
  @OperationsPerInvocation(KernelBodies.SAMPLES)
  public Object generatedParserSnappy() {
    byte[] body = next(compressed);
    int length = SnappyBlock.decodedLength(body, body.length, WireLimits.DEFAULT.decodedBytes());
    if (plain.length < length) {
      plain = new byte[length];
    }
    SnappyBlock.decode(body, body.length, plain, length);
    return parse(plain, length);
  }

  /** The generated parser alone: labels and samples are touched, nothing is hashed or looked up. */
  @Benchmark
  @OperationsPerInvocation(KernelBodies.SAMPLES)
  public void generatedParserWithoutLookup(Blackhole hole) {
    byte[] body = next(raw);
    for (TimeSeries entry : message(body, body.length).getTimeseriesList()) {
      for (Label label : entry.getLabelsList()) {
        hole.consume(label.getName());
        hole.consume(label.getValue());
      }
      for (Sample sample : entry.getSamplesList()) {
        hole.consume(sample.getTimestamp());
        hole.consume(sample.getValue());
      }
    }
  }

  private WriteBatch decode(byte[] body) {
    return new RemoteWriteV1Decoder(
            body,
            body.length,
            0,
            WireLimits.DEFAULT,
            HaLabels.OFF,
            cache,
            new SeriesHasher(KEY_0, KEY_1))
        .decode()
        .batch();
  }

  private record Parsed(SeriesTable series, Samples samples) {}

  private Parsed parse(byte[] body, int length) {
    WriteRequest request = message(body, length);
    SeriesTable series = new SeriesTable(request.getTimeseriesCount());
    Samples samples = new Samples(request.getTimeseriesCount());
    for (TimeSeries entry : request.getTimeseriesList()) {
      hasher.begin(0);
      for (Label label : entry.getLabelsList()) {
        ByteString name = label.getName();
        ByteString value = label.getValue();
        name.copyTo(scratch, 0);
        value.copyTo(scratch, name.size());
        hasher.add(scratch, 0, name.size(), name.size(), value.size());
      }
      hasher.finish();
      long id = cache.resolve(hasher.high(), hasher.low());
      int row = series.addKnown(hasher.high(), hasher.low(), id);
      for (Sample sample : entry.getSamplesList()) {
        samples.add(row, sample.getTimestamp(), Double.doubleToRawLongBits(sample.getValue()));
      }
    }
    return new Parsed(series, samples);
  }

  private static WriteRequest message(byte[] body, int length) {
    try {
      return Objects.requireNonNull(WriteRequest.parser().parseFrom(body, 0, length));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
  }
}
