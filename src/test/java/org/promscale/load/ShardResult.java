package org.promscale.load;

import java.util.Arrays;
import java.util.List;

/** What happened to the requests of one shard. One thread, then handed over. */
final class ShardResult {

  private long[] latencyNanos = new long[1024];
  private int requests;

  /** Tries after the first. */
  long retries;

  /** No body was left before the time was up. */
  boolean ranDry;

  void accepted(long nanos) {
    if (requests == latencyNanos.length) {
      latencyNanos = Arrays.copyOf(latencyNanos, 2 * requests);
    }
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
