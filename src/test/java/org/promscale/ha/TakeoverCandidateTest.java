package org.promscale.ha;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TakeoverCandidateTest {

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "beyond the frontier, 110000, 99000, true",
    "just not covered, 80001, 99000, true",
    "exactly a settle time old and therefore held back, 80000, 99000, true",
    "covered, 79999, 99000, false",
    "not seen for the timeout, 110000, 84999, false",
  })
  @DisplayName("Who is held back can take over")
  void candidate(String name, long newestMs, long seenMs, boolean wins) {
    Lease lease =
        new Lease(
            1, "A", Lease.NO_TIME, Lease.NO_TIME, new UUID(1, 2), Silence.UNKNOWN, List.of(), 0);
    ClusterState state =
        new ClusterState(
            1,
            0,
            "c",
            lease,
            new Progress(100_000, 100_000, 0, 5, 95_000),
            List.of(new Sighting("B", seenMs, newestMs)),
            List.of(),
            List.of(),
            0,
            0,
            PatchRun.NONE,
            Steering.NONE,
            100_000);
    assertThat(Takeover.candidate(state, 15_000))
        .as(name)
        .isEqualTo(wins ? Optional.of("B") : Optional.empty());
  }
}
