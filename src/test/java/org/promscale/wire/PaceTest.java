package org.promscale.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** At least 10 kB/s after 10 s, and done in 30 s. */
class PaceTest {

  static List<Arguments> bodies() {
    return List.of(
        argumentSet("nothing yet", 0, 900, false, false),
        argumentSet("nothing for two seconds", 0, 2_000, true, false),
        argumentSet("nothing for ten seconds", 0, 10_000, true, false),
        argumentSet("nothing for longer", 0, 10_001, true, true),
        argumentSet("20 bytes a second", 180, 9_000, true, false),
        argumentSet("20 bytes a second, for too long", 220, 11_000, true, true),
        argumentSet("just below the least rate", 109_999, 11_000, true, true),
        argumentSet("at the least rate", 110_000, 11_000, false, false),
        argumentSet("a second that has not passed does not count", 110_000, 11_900, false, false),
        argumentSet("fast, at the last moment", 3_000_000, 30_000, false, false),
        argumentSet("fast, but not done in time", 30_000_000, 30_001, false, true));
  }

  @ParameterizedTest
  @MethodSource("bodies")
  void judges(long bytes, long millis, boolean givesWay, boolean tooSlow) {
    assertThat(Pace.isTooSlow(bytes, millis * 1_000_000)).isEqualTo(tooSlow);
    assertThat(Pace.givesWay(bytes, millis * 1_000_000)).isEqualTo(givesWay);
  }
}
