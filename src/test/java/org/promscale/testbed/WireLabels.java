package org.promscale.testbed;

import com.google.protobuf.ByteString;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.promscale.wire.proto.RemoteWriteV1.Label;
import org.promscale.wire.proto.RemoteWriteV1.Sample;
import org.promscale.wire.proto.RemoteWriteV1.TimeSeries;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;

/** Label sets and samples in the form of remote write 1.0. Thread-safe. */
public final class WireLabels {

  private WireLabels() {}

  /** Returns the labels of a message; of repeated names the last wins. */
  public static Map<String, String> decode(List<Label> labels) {
    Map<String, String> map = new HashMap<>();
    for (Label label : labels) {
      map.put(label.getName().toStringUtf8(), label.getValue().toStringUtf8());
    }
    return map;
  }

  /** Returns a time series without samples, labels sorted by name as senders sort them. */
  public static TimeSeries.Builder encode(Map<String, String> labels) {
    TimeSeries.Builder series = TimeSeries.newBuilder();
    new TreeMap<>(labels)
        .forEach(
            (name, value) ->
                series.addLabels(
                    Label.newBuilder()
                        .setName(ByteString.copyFromUtf8(name))
                        .setValue(ByteString.copyFromUtf8(value))));
    return series;
  }

  /** Returns a sample. */
  public static Sample sample(long timestampMs, double value) {
    return Sample.newBuilder().setTimestamp(timestampMs).setValue(value).build();
  }

  /** Returns a request with a sample of one series. */
  public static WriteRequest request(Map<String, String> labels, long timestampMs, double value) {
    return WriteRequest.newBuilder()
        .addTimeseries(encode(labels).addSamples(sample(timestampMs, value)))
        .build();
  }
}
