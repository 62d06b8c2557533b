package org.promscale.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Bodies for benchmarks: 100,000 series of 50 metrics on 250 machines with the labels that
 * exporters give, 2,000 samples a body, in the order in which Prometheus sends them. The same ones
 * at every run.
 */
public final class BenchBodies {

  /** Samples of a body. */
  public static final int SAMPLES = 2_000;

  /** Different series in all. */
  public static final int SERIES = 100_000;

  /** Bodies until a series comes again. */
  public static final int BODIES = 64;

  private static final int MACHINES = 250;
  private static final int METRICS = 50;
  private static final int DEVICES = 8;
  private static final long START_MS = 1_795_000_000_000L;

  private BenchBodies() {}

  /**
   * Makes the bodies, compressed.
   *
   * @param more labels of every series, for instance those of a replica
   */
  public static List<byte[]> compressed(Map<String, String> more) {
    List<ExporterSeries> series = new ArrayList<>(SERIES);
    for (int machine = 0; machine < MACHINES; machine++) {
      for (int metric = 0; metric < METRICS; metric++) {
        for (int device = 0; device < DEVICES; device++) {
          Map<String, String> labels = new TreeMap<>(more);
          labels.put("__name__", "node_subsystem_" + metric + "_bytes_total");
          labels.put("instance", "machine-" + machine + ".example.org:9100");
          labels.put("job", "node-exporter");
          labels.put("device", "device" + device);
          labels.put("mode", metric % 2 == 0 ? "idle" : "user");
          labels.put("environment", "production");
          labels.put("region", "region-" + machine % 5);
          series.add(new ExporterSeries(labels, 1e6 * metric + machine));
        }
      }
    }
    ShardBodies shard = new ShardBodies(series, SAMPLES, START_MS, 15_000);
    List<byte[]> bodies = new ArrayList<>(BODIES);
    for (int i = 0; i < BODIES; i++) {
      bodies.add(shard.nextBody());
    }
    return bodies;
  }
}
