package org.promscale.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.ha.HeldRequest;
import org.promscale.ha.Lease;
import org.promscale.ha.Probes;
import org.promscale.model.ReplicaIdentity;
import org.promscale.model.WriteBatch;

/** What comes out of a request that was held since {@link #NOW}. The tolerance is ten minutes. */
class HeldBodiesTest {

  private static final long NOW = 1_700_000_000_000L;
  private static final long MINUTE = 60_000;
  private static final long FUTURE = NOW + 10 * MINUTE;

  private long ourClock = NOW + MINUTE;
  private long databaseClock = NOW + MINUTE;

  private WriteBatch open(long... times) {
    BatchValidator validator =
        new BatchValidator(
            (InstantSource) () -> Instant.ofEpochMilli(ourClock),
            () -> databaseClock - ourClock,
            new EveryTimePrepared(),
            10 * MINUTE);
    HeldRequest held =
        new HeldRequest(
            7,
            0,
            new ReplicaIdentity("c", "b"),
            new byte[1],
            NOW,
            NOW,
            new HeldRequest.Arrival(Lease.NO_TIME, NOW),
            1,
            Probes.NONE);
    return new HeldBodies((tenant, body) -> Batches.samplesAt(times), validator).open(held);
  }

  @Test
  @DisplayName("What was accepted when it came is judged whatever our clocks show now")
  void acceptedOnce() {
    ourClock = NOW - 15 * MINUTE;
    assertThat(Batches.times(open(NOW, FUTURE))).containsExactly(NOW, FUTURE);
    databaseClock = NOW - 15 * MINUTE;
    assertThat(Batches.times(open(NOW, FUTURE))).containsExactly(NOW, FUTURE);
    ourClock = NOW + MINUTE;
    assertThat(Batches.times(open(NOW, FUTURE))).containsExactly(NOW, FUTURE);
  }

  @Test
  @DisplayName("What was refused then has to be in the future of both clocks")
  void refusedOnce() {
    assertThat(Batches.times(open(NOW, FUTURE + 2 * MINUTE))).containsExactly(NOW);
    ourClock = NOW + 15 * MINUTE;
    assertThat(catchThrowableOfType(IngestFailure.class, () -> open(FUTURE + 2 * MINUTE)).kind())
        .isEqualTo(FailureKind.UNAVAILABLE);
  }
}
