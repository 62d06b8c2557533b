package org.promscale.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class DatabaseTimeTest {

  private final AtomicLong wallMs = new AtomicLong(1_000_000);
  private final AtomicLong nanos = new AtomicLong(5_000_000_000L);
  private final DatabaseTime time =
      new DatabaseTime(() -> Instant.ofEpochMilli(wallMs.get()), nanos::get);

  @Test
  @DisplayName("A clock that was never read is taken for ours")
  void unknown() {
    assertThat(time.aheadMs()).isZero();
  }

  @Test
  @DisplayName("A jump of our own clock is seen at once")
  void ownJump() {
    time.read(1_000_300, nanos.get());
    assertThat(time.aheadMs()).isEqualTo(300);
    nanos.addAndGet(1_500_000_000L);
    wallMs.addAndGet(1_500 - 900_000);
    assertThat(time.aheadMs()).isEqualTo(900_300);
  }
}
