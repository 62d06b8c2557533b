package org.promscale.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.promscale.ha.HaLabels;
import org.promscale.ingest.RejectReason;
import org.promscale.ingest.Rejections;
import org.promscale.ingest.SeriesResolver;
import org.promscale.model.Labels;
import org.promscale.model.Samples;
import org.promscale.model.SeriesHasher;
import org.promscale.model.SeriesTable;
import org.promscale.model.WriteBatch;
import org.promscale.wire.proto.RemoteWriteV1.Label;
import org.promscale.wire.proto.RemoteWriteV1.Sample;
import org.promscale.wire.proto.RemoteWriteV1.TimeSeries;

/** Remote write 1.0 messages of tests, and what the decoder makes of them. */
final class V1 {

  /** Knows no series. */
  static final SeriesResolver KNOWS_NOTHING = (high, low) -> SeriesTable.UNKNOWN_ID;

  /** A sample with the labels of its series. */
  record Point(Labels labels, long timestampMs, long valueBits) {
    static Point of(Labels labels, long timestampMs, double value) {
      return new Point(labels, timestampMs, Double.doubleToRawLongBits(value));
    }
  }

  private V1() {}

  static SeriesHasher hasher() {
    return new SeriesHasher(0x0123456789abcdefL, 0x7edcba9876543210L);
  }

  static DecodedRequest decode(MessageLite request) {
    return decode(request.toByteArray());
  }

  static DecodedRequest decode(RawMessage request) {
    return decode(request.toBytes());
  }

  static DecodedRequest decode(byte[] request) {
    return decode(request, WireLimits.DEFAULT, KNOWS_NOTHING);
  }

  static DecodedRequest decode(byte[] request, WireLimits limits, SeriesResolver resolver) {
    return decode(request, limits, HaLabels.OFF, resolver);
  }

  static DecodedRequest decode(
      byte[] request, WireLimits limits, HaLabels haLabels, SeriesResolver resolver) {
    return new RemoteWriteV1Decoder(
            request,
            request.length,
            WriteBatch.DEFAULT_TENANT,
            limits,
            haLabels,
            resolver,
            hasher())
        .decode();
  }

  /** Returns the samples of a request whose series were all unknown, in order. */
  static List<Point> points(DecodedRequest request) {
    Samples samples = request.batch().samples();
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < samples.size(); i++) {
      Labels labels = request.batch().series().labels(samples.series(i));
      points.add(
          new Point(Objects.requireNonNull(labels), samples.timestampMs(i), samples.valueBits(i)));
    }
    return points;
  }

  /**
   * Returns the reasons of rejections with their numbers, for instance {@code [NUL_CHARACTER 2]}.
   */
  static List<String> reasons(Rejections rejections) {
    List<String> reasons = new ArrayList<>();
    rejections.forEach((RejectReason reason, Long items) -> reasons.add(reason + " " + items));
    return reasons;
  }

  static TimeSeries.Builder series(String... namesAndValues) {
    TimeSeries.Builder series = TimeSeries.newBuilder();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      series.addLabels(label(namesAndValues[i], namesAndValues[i + 1]));
    }
    return series;
  }

  static Label label(String name, String value) {
    return Label.newBuilder()
        .setName(ByteString.copyFromUtf8(name))
        .setValue(ByteString.copyFromUtf8(value))
        .build();
  }

  static Sample sample(long timestampMs, double value) {
    return Sample.newBuilder().setTimestamp(timestampMs).setValue(value).build();
  }

  static RawMessage rawLabel(String name, String value) {
    return new RawMessage().text(1, name).text(2, value);
  }

  static RawMessage rawSample(long timestampMs, double value) {
    return new RawMessage().fixed64(1, Double.doubleToRawLongBits(value)).varint(2, timestampMs);
  }
}
