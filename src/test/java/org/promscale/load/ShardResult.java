package org.promscale.load;

import java.util.Arrays;
import java.util.List;

/** What happened to the requests of one shard. One thread, then handed over. */
final class ShardResult {

  private final long[] latencyNanos;
  private int requests;

  /** Tries after the first. */
  long retries;

  /** No body was left before the time was up. */
  boolean ranDry;

  ShardResult(int mostRequests) {
    latencyNanos = new long[mostRequests];
  }

  void accepted(long nanos) {
    latencyNanos[requests++] = nanos;
  }

  int requests() {
    return requests;
  }

  /**
   * Returns a quantile over all shards, in milliseconds.
   *
   * @param quantile between 0 and 1
   */
  static double latencyMs(List<ShardResult> results, double quantile) {
    long[] all =
        results.stream()
            .flatMapToLong(result -> Arrays.stream(result.latencyNanos, 0, result.requests))
            .sorted()
            .toArray();
    return all.length == 0 ? 0 : all[(int) Math.min(all.length - 1, quantile * all.length)] / 1e6;
  }
}
