package org.promscale.ha;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Times in seconds; the timeout is 15 s. */
class PatchRunTest {

  private static final long TIMEOUT_MS = 15_000;

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "the first patch was opened just now, 100, 100, 100, false",
    "patches for one second less than four timeouts, 100, 159, 160, false",
    "patches for four timeouts, 100, 160, 161, true",
    "the last one a turn of the others ago, 100, 160, 178, true",
    "the last one just short of a gap ago, 100, 160, 204.9, true",
    "no patch for a gap: it delivers well again, 100, 160, 205, false",
  })
  void isLagging(String name, double since, double last, double now, boolean lagging) {
    PatchRun run = new PatchRun((long) (since * 1_000), (long) (last * 1_000));
    assertThat(run.isLagging(TIMEOUT_MS, (long) (now * 1_000))).as(name).isEqualTo(lagging);
  }

  @ParameterizedTest(name = "a timeout of {0} s bears patches {1} s apart")
  @CsvSource({"5, 35", "15, 45", "120, 150"})
  void gap(long timeout, long gap) {
    assertThat(PatchRun.gapMs(timeout * 1_000)).isEqualTo(gap * 1_000);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "it reaches up to what has just settled, 100, 100, true",
    "its newest hole came with the last scrape but one, 80, 100, true",
    "holes of an outage, 79.999, 100, false",
    "further than the leader: its frontier went back, 110, 100, true",
  })
  void tells(String name, double end, double settled, boolean tells) {
    assertThat(PatchRun.tells((long) (end * 1_000), (long) (settled * 1_000), TIMEOUT_MS))
        .as(name)
        .isEqualTo(tells);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "new holes, 120, 100, 20",
    "the same stretch again, 95, 100, 0",
    "a bit more of it, 100.5, 100, 0.5",
  })
  void moved(String name, double hole, double seal, double moved) {
    assertThat(PatchRun.movedMs((long) (hole * 1_000), (long) (seal * 1_000)))
        .as(name)
        .isEqualTo((long) (moved * 1_000));
    assertThat(PatchRun.movedMs((long) (hole * 1_000), Lease.NO_TIME)).isEqualTo(Long.MAX_VALUE);
  }
}
