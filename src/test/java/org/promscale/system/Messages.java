package org.promscale.system;

import com.google.protobuf.ByteString;
import java.util.List;
import java.util.Map;
import org.promscale.testbed.WireLabels;
import org.promscale.wire.proto.RemoteWriteV1.Label;
import org.promscale.wire.proto.RemoteWriteV1.MetricMetadata;
import org.promscale.wire.proto.RemoteWriteV1.Sample;
import org.promscale.wire.proto.RemoteWriteV1.TimeSeries;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/** Parts of remote write 1.0 requests. */
final class Messages {

  private Messages() {}

  static WriteRequest request(String metric, Sample... samples) {
    return WriteRequest.newBuilder()
        .addTimeseries(series(metric).addAllSamples(List.of(samples)))
        .build();
  }

  static TimeSeries.Builder series(String metric) {
    return WireLabels.encode(Map.of("__name__", metric));
  }

  static Sample sample(long timestampMs, long bits) {
    return Sample.newBuilder()
        .setTimestamp(timestampMs)
        .setValue(Double.longBitsToDouble(bits))
        .build();
  }

  static Label label(String name, String value) {
    return Label.newBuilder()
        .setName(ByteString.copyFromUtf8(name))
        .setValue(ByteString.copyFromUtf8(value))
        .build();
  }

  static MetricMetadata metadata(
      String family, MetricMetadata.Type type, String help, String unit) {
    return MetricMetadata.newBuilder()
        .setType(type)
        .setMetricFamilyName(ByteString.copyFromUtf8(family))
        .setHelp(ByteString.copyFromUtf8(help))
        .setUnit(ByteString.copyFromUtf8(unit))
        .build();
  }
}
