package org.promscale.model;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.promscale.testbed.KernelBodies;

/** The keyed hash of a series of eight labels against the digest that the database knows it by. */
@State(Scope.Thread)
public class SeriesHashBenchmark {

  private static final String[] LABELS = {
    "__name__", "http_request_duration_seconds_bucket",
    "cluster", "eu-1",
    "code", "200",
    "handler", "/api/v1/query_range",
    "instance", "host-17.eu-1.example.com:9100",
    "job", "prometheus",
    "le", "0.125",
    "method", "GET"
  };

  private final byte[] text =
      String.join("", LABELS).concat("                ").getBytes(StandardCharsets.UTF_8);
  private final int length = text.length - 16;
  private final SeriesHasher hasher = new SeriesHasher(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);
  private final MessageDigest digest = sha256();

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The keyed hash. */
  @Benchmark
  @OperationsPerInvocation(KernelBodies.SAMPLES)
  public long keyedHash() {
    long sum = 0;
    for (int s = 0; s < KernelBodies.SAMPLES; s++) {
      hasher.begin(s);
      int at = 0;
      for (int i = 0; i < LABELS.length; i += 2) {
        int name = LABELS[i].length();
        int value = LABELS[i + 1].length();
        hasher.add(text, at, name, at + name, value);
        at += name + value;
      }
      hasher.finish();
      sum += hasher.high() ^ hasher.low();
    }
    return sum;
  }

  /** SHA-256 of the same bytes. */
  @Benchmark
  @OperationsPerInvocation(KernelBodies.SAMPLES)
  public long sha256Digest() {
    long sum = 0;
    for (int s = 0; s < KernelBodies.SAMPLES; s++) {
      digest.update((byte) s);
      digest.update(text, 0, length);
      sum += digest.digest()[0];
    }
    return sum;
  }
}
