package org.promscale.load;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.promscale.testbed.WireLabels;
import org.xerial.snappy.Snappy;

/**
 * Makes the requests of one shard: its series in order, round after round, cut into requests of
 * equal size. Every request is different, because times advance and counters grow. The bytes of a
 * series are made once; only time and value are written anew, so that a request costs little more
 * than its compression. One thread.
 */
final class ShardBodies {

  /** Of a time between 1989 and 2109, as a varint. */
  private static final int TIMESTAMP_BYTES = 6;

  private final List<ExporterSeries> series;
  private final List<byte[]> entries = new ArrayList<>();
  private final int samplesPerRequest;
  private final long startMs;
  private final long stepMs;
  private long next;
  private byte[] raw = new byte[1 << 16];
  private byte[] compressed = new byte[0];

  /**
   * Prepares.
   *
   * @param startMs time of the first sample of every series
   * @param stepMs time between two samples of a series
   */
  ShardBodies(List<ExporterSeries> series, int samplesPerRequest, long startMs, long stepMs) {
    this.series = series;
    this.samplesPerRequest = samplesPerRequest;
    this.startMs = startMs;
    this.stepMs = stepMs;
    for (ExporterSeries one : series) {
      entries.add(entry(one));
    }
  }

  /** Returns the compressed body of the next request. */
  byte[] nextBody() {
    int length = 0;
    for (int i = 0; i < samplesPerRequest; i++, next++) {
      int index = (int) (next % series.size());
      byte[] entry = entries.get(index);
      if (raw.length < length + entry.length) {
        raw = Arrays.copyOf(raw, 2 * raw.length + entry.length);
      }
      System.arraycopy(entry, 0, raw, length, entry.length);
      length += entry.length;
      patch(raw, length, series.get(index), next / series.size());
    }
    try {
      if (compressed.length < Snappy.maxCompressedLength(length)) {
        compressed = new byte[Snappy.maxCompressedLength(length)];
      }
      return Arrays.copyOf(compressed, Snappy.compress(raw, 0, length, compressed, 0));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** An entry ends with its sample: tag, 8 bytes of value, tag, the time. */
  private void patch(byte[] buffer, int end, ExporterSeries one, long round) {
    double value = one.isCounter() ? one.value() + round : one.value();
    ByteBuffer.wrap(buffer)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putDouble(end - TIMESTAMP_BYTES - 1 - Double.BYTES, value);
    long timestamp = startMs + round * stepMs;
    for (int i = 0; i < TIMESTAMP_BYTES; i++) {
      int more = i < TIMESTAMP_BYTES - 1 ? 0x80 : 0;
      buffer[end - TIMESTAMP_BYTES + i] = (byte) ((timestamp & 0x7f) | more);
      timestamp >>>= 7;
    }
  }

  private byte[] entry(ExporterSeries one) {
    // A value of 0 would be left out.
    ByteString bytes = WireLabels.request(one.labels(), startMs, 1).toByteString();
    return bytes.toByteArray();
  }
}
