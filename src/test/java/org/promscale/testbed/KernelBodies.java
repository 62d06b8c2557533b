package org.promscale.testbed;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.promscale.wire.proto.RemoteWriteV1.WriteRequest;
import org.xerial.snappy.Snappy;

/**
 * The requests that kernels are measured with: 50 hosts of 2,000 series each, which makes 100,000,
 * in two rounds, one sample a series and one host a request. Metrics and labels are those of a node
 * exporter and of a web service, 7 to 10 labels a series. Thread-safe.
 */
public final class KernelBodies {

  /** Samples in a request, each of another series. */
  public static final int SAMPLES = 2_000;

  /** Different requests. */
  public static final int COUNT = 100;

  /** Time of the first round's samples. */
  public static final long START_MS = 1_764_000_000_000L;

  private static final int HOSTS = 50;
  private static final int ROUND_MS = 15_000;
  private static final String[] MODES = {
    "idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"
  };
  private static final String[] COUNTERS = {
    "node_network_receive_bytes_total",
    "node_network_transmit_packets_total",
    "node_disk_reads_completed_total",
    "node_disk_io_time_seconds_total"
  };
  private static final String[] HANDLERS = {
    "/", "/api/v1/query", "/api/v1/query_range", "/api/v1/series", "/login", "/static/*filepath"
  };

  private KernelBodies() {}

  /**
   * Returns all requests, not compressed.
   *
   * @param replica who sends them, in the cluster "eu-1"
   */
  public static List<byte[]> raw(String replica) {
    List<byte[]> bodies = new ArrayList<>();
    for (int i = 0; i < COUNT; i++) {
      WriteRequest.Builder request = WriteRequest.newBuilder();
      for (int s = 0; s < SAMPLES; s++) {
        long timeMs = START_MS + (long) (i / HOSTS) * ROUND_MS;
        request.addTimeseries(
            WireLabels.encode(labels(i % HOSTS, s, replica))
                .addSamples(WireLabels.sample(timeMs, 1_000.5 * s + i)));
      }
      bodies.add(request.build().toByteArray());
    }
    return bodies;
  }

  /** Returns the requests as they travel. */
  public static List<byte[]> compressed(List<byte[]> raw) {
    List<byte[]> bodies = new ArrayList<>();
    for (byte[] body : raw) {
      try {
        bodies.add(Snappy.compress(body));
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
    return bodies;
  }

  private static Map<String, String> labels(int host, int s, String replica) {
    Map<String, String> labels = new TreeMap<>();
    labels.put("__replica__", replica);
    labels.put("cluster", "eu-1");
    labels.put("instance", "host-" + host + ".eu-1.example.com:9100");
    labels.put("job", "node");
    int number = s / 4;
    switch (s % 4) {
      case 0 -> {
        labels.put("__name__", "node_cpu_seconds_total");
        labels.put("cpu", Integer.toString(number / MODES.length));
        labels.put("mode", MODES[number % MODES.length]);
      }
      case 1 -> {
        labels.put("__name__", COUNTERS[number % COUNTERS.length]);
        labels.put("device", "veth" + Integer.toHexString(0x3fa40 + number / COUNTERS.length));
      }
      default -> {
        labels.put("__name__", "http_request_duration_seconds_bucket");
        labels.put("code", s % 4 == 2 ? "200" : "500");
        labels.put("handler", HANDLERS[number % HANDLERS.length]);
        labels.put("le", Double.toString(0.005 * (1 + number / HANDLERS.length)));
        labels.put("method", "GET");
        labels.put("namespace", "monitoring");
      }
    }
    return labels;
  }
}
