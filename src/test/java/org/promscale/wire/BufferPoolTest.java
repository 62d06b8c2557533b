package org.promscale.wire;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What the pool keeps. */
class BufferPoolTest {

  private static final int SMALLEST = 64 * 1024;

  @Test
  void keepsNoLargeBuffers() {
    BufferPool pool = new BufferPool(1, SMALLEST);
    byte[] kept = pool.acquire(10);
    byte[] large = pool.acquire(SMALLEST + 1);
    pool.release(large);
    pool.release(kept);
    assertThat(pool.acquire(1)).isSameAs(kept);
    assertThat(pool.acquire(1)).isNotSameAs(kept);
  }

  /** Else the next one who wants a buffer would find nothing of use. */
  @Test
  void keepsNoBuffersThatAreNotItsOwn() {
    BufferPool pool = new BufferPool(1, SMALLEST);
    pool.release(new byte[SMALLEST - 1]);
    assertThat(pool.acquire(1)).hasSize(SMALLEST);
  }
}
