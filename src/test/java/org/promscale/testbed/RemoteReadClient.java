package org.promscale.testbed;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.promscale.wire.proto.RemoteWriteV1.LabelMatcher;
import org.promscale.wire.proto.RemoteWriteV1.Query;
import org.promscale.wire.proto.RemoteWriteV1.QueryResult;
import org.promscale.wire.proto.RemoteWriteV1.ReadRequest;
import org.promscale.wire.proto.RemoteWriteV1.ReadResponse;
import org.promscale.wire.proto.RemoteWriteV1.Sample;
import org.promscale.wire.proto.RemoteWriteV1.TimeSeries;
import org.xerial.snappy.Snappy;

/**
 * Asks a Prometheus server for everything it stores, through its remote read. The answer carries
 * the server's external labels where a series lacks them, as its remote write does: both are
 * comparable as they are. Thread-safe.
 */
public final class RemoteReadClient {

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI address;

  /** Reads from this address, see {@link PrometheusServer#readUri}. */
  public RemoteReadClient(URI address) {
    this.address = address;
  }

  /**
   * Returns every sample of every series, stale markers included.
   *
   * @param fromMs first millisecond
   * @param untilMs the millisecond after the last
   */
  public Set<SamplePoint> between(long fromMs, long untilMs) throws IOException {
    ReadRequest request =
        ReadRequest.newBuilder()
            .addQueries(
                Query.newBuilder()
                    .setStartTimestampMs(fromMs)
                    .setEndTimestampMs(untilMs - 1)
                    .addMatchers(
                        LabelMatcher.newBuilder()
                            .setType(LabelMatcher.Type.REGEX)
                            .setName(ByteString.copyFromUtf8("__name__"))
                            .setValue(ByteString.copyFromUtf8(".+"))))
            .build();
    Set<SamplePoint> points = new HashSet<>();
    for (QueryResult result : send(request).getResultsList()) {
      for (TimeSeries series : result.getTimeseriesList()) {
        String name = SamplePoint.series(WireLabels.decode(series.getLabelsList()));
        for (Sample sample : series.getSamplesList()) {
          points.add(
              new SamplePoint(
                  name, sample.getTimestamp(), Double.doubleToRawLongBits(sample.getValue())));
        }
      }
    }
    return points;
  }

  private ReadResponse send(ReadRequest request) throws IOException {
    HttpRequest post =
        HttpRequest.newBuilder(address)
            .timeout(Duration.ofMinutes(1))
            .header("Content-Type", "application/x-protobuf")
            .header("Content-Encoding", "snappy")
            .header("X-Prometheus-Remote-Read-Version", "0.1.0")
            .POST(HttpRequest.BodyPublishers.ofByteArray(Snappy.compress(request.toByteArray())))
            .build();
    try {
      HttpResponse<byte[]> response = client.send(post, HttpResponse.BodyHandlers.ofByteArray());
      if (response.statusCode() != 200) {
        throw new IOException("remote read answered " + response.statusCode());
      }
      return ReadResponse.parseFrom(Snappy.uncompress(response.body()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
