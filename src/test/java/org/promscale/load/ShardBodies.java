package org.promscale.load;

import java.io.IOException;
import java.util.Arrays;
import org.xerial.snappy.Snappy;

/**
 * Makes the requests of one shard: its series in order, round after round, cut into requests of
 * equal size. Every request is different, because times advance and counters grow. A request costs
 * little more than its compression. One thread at a time.
 */
final class ShardBodies {

  private final LoadShape shape;
  private final int shard;
  private final int ownSeries;
  private final byte[] raw;
  private final byte[] compressed;
  private long startMs;
  private long next;
  private long gone;

  /**
   * Prepares.
   *
   * @param shard number of the shard, from 0; it owns every series whose number leaves it as the
   *     rest of a division by the number of shards
   */
  ShardBodies(LoadShape shape, int shard) {
    this.shape = shape;
    this.shard = shard;
    this.ownSeries = (shape.series() - shard + shape.shards() - 1) / shape.shards();
    this.startMs = shape.startMs();
    this.raw = new byte[shape.samplesPerRequest() * shape.templates().longestEntry()];
    this.compressed = new byte[Snappy.maxCompressedLength(raw.length)];
  }

  /** Returns the compressed body of the next request. */
  byte[] nextBody() {
    int length = 0;
    for (int i = 0; i < shape.samplesPerRequest(); i++, next++) {
      long round = next / ownSeries;
      long index = shard + next % ownSeries * shape.shards();
      long named = index + gone * shape.templates().perMachine();
      length = shape.templates().write(named, round, timeMs(round, index), raw, length);
    }
    try {
      return Arrays.copyOf(compressed, Snappy.compress(raw, 0, length, compressed, 0));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Machines are scraped one after the other, so that all are done when the next round begins. */
  private long timeMs(long round, long index) {
    long machine = index / shape.templates().perMachine();
    long machines = (shape.series() - 1L) / shape.templates().perMachine() + 1;
    return startMs + round * shape.stepMs() + shape.stepMs() * machine / machines;
  }

  /** From the next sample on the round under way is the one of this time. */
  void alignTo(long timeMs) {
    startMs = timeMs - next / ownSeries * shape.stepMs();
  }

  /** From the next sample on so many machines more are gone, and as many new ones there. */
  void moveOn(int machines) {
    gone += machines;
  }
}
