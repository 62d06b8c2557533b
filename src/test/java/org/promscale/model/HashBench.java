package org.promscale.model;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * The keyed hash by which a series is known, of one series with seven labels. The baseline is the
 * SHA-256 over the same bytes that the catalog keeps.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class HashBench {

  private static final String[] LABELS = {
    "__name__", "node_subsystem_17_bytes_total",
    "device", "device3",
    "environment", "production",
    "instance", "machine-117.example.org:9100",
    "job", "node-exporter",
    "mode", "user",
    "region", "region-2"
  };

  private final byte[] bytes = String.join("", LABELS).getBytes(StandardCharsets.US_ASCII);
  private final SeriesHasher hasher = new SeriesHasher(1, 2);

  /** Ours. */
  @Benchmark
  public long keyedHash() {
    hasher.begin(0);
    int at = 0;
    for (int i = 0; i < LABELS.length; i += 2) {
      int name = LABELS[i].length();
      int value = LABELS[i + 1].length();
      hasher.add(bytes, at, name, at + name, value);
      at += name + value;
    }
    hasher.finish();
    return hasher.high() ^ hasher.low();
  }

  /** The baseline. */
  @Benchmark
  public byte[] sha256() throws NoSuchAlgorithmException {
    return MessageDigest.getInstance("SHA-256").digest(bytes);
  }
}
