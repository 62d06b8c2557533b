package org.promscale.wire;

import java.util.concurrent.ArrayBlockingQueue;

/**
 * Byte buffers that serve one request after another, so that a body does not become a large
 * allocation each time (arrays over half a region go straight to the old generation of G1). Keeps
 * at most {@code capacity} buffers of at most {@code keepBytes} each. Thread-safe, never blocks.
 */
public final class BufferPool {

  /** The size of its smallest buffers. */
  static final int SMALLEST = 64 * 1024;

  private final ArrayBlockingQueue<byte[]> idle;
  private final int keepBytes;

  /** Makes an empty pool. */
  public BufferPool(int capacity, int keepBytes) {
    this.idle = new ArrayBlockingQueue<>(capacity);
    this.keepBytes = keepBytes;
  }

  /** Returns a buffer of at least this many bytes, with arbitrary content. */
  public byte[] acquire(int minimumBytes) {
    byte[] buffer = idle.poll();
    if (buffer != null && buffer.length >= minimumBytes) {
      return buffer;
    }
    int size = SMALLEST;
    while (size < minimumBytes) {
      size = size > Integer.MAX_VALUE / 2 ? minimumBytes : size * 2;
    }
    return new byte[size];
  }

  /**
   * Gives a buffer back, or one that is too small to have come from here, which is not kept; the
   * caller must not touch it again.
   */
  public void release(byte[] buffer) {
    if (buffer.length >= SMALLEST && buffer.length <= keepBytes) {
      idle.offer(buffer);
    }
  }
}
