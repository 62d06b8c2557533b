package org.promscale.ha;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How silence grows, what timeout it meets, and how the timeout fits itself to a sender. */
class SilenceTest {

  @Test
  @DisplayName("A look adds the time since the last one, at most two seconds, at least none")
  void looks() {
    Silence first = Silence.look(null, Silence.UNKNOWN, 5, 10_000);
    assertThat(first).isEqualTo(new Silence(5, 0, 10_000));
    Silence second = Silence.look(first, Silence.UNKNOWN, 5, 11_500);
    assertThat(second.millis()).isEqualTo(1_500);
    Silence afterFreeze = Silence.look(second, Silence.UNKNOWN, 5, 71_500);
    assertThat(afterFreeze.millis()).isEqualTo(3_500);
    Silence clockBack = Silence.look(afterFreeze, Silence.UNKNOWN, 5, 0);
    assertThat(clockBack.millis()).isEqualTo(3_500);
    assertThat(Silence.look(clockBack, Silence.UNKNOWN, 6, 1_000).millis()).isZero();
  }

  @Test
  @DisplayName("What others have recorded counts, if it is about the same commit")
  void recorded() {
    Silence recorded = new Silence(5, 30_000, 9_000);
    assertThat(Silence.look(null, recorded, 5, 10_000).millis()).isEqualTo(31_000);
    assertThat(Silence.look(null, recorded, 6, 10_000).millis()).isZero();
  }

  @Test
  @DisplayName("Connectors that live for three seconds each add up")
  void restartsAddUp() {
    Silence recorded = Silence.UNKNOWN;
    long now = 0;
    for (int life = 0; life < 10; life++) {
      Silence mine = null;
      now += 12_000; // down
      for (int look = 0; look < 4; look++) {
        mine = Silence.look(mine, recorded, 5, now);
        recorded = mine;
        now += 1_000;
      }
    }
    assertThat(recorded.millis()).isBetween(40_000L, 50_000L);
  }

  private record Row(
      String name, List<Long> gapsMs, long fixedMs, double override, int changes, long timeoutMs) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Row> timeouts() {
    return Stream.of(
        new Row("unknown cadence", List.of(), 0, 0, 0, 120_000),
        new Row("three gaps say nothing", gaps(5, 5, 5), 0, 0, 0, 120_000),
        new Row("flush of 5 s", gaps(5, 5, 5, 5), 0, 0, 0, 15_000),
        new Row("flush of 15 s", gaps(15, 15, 15, 15), 0, 0, 0, 45_000),
        new Row("one late burst is no habit", gaps(5, 5, 60, 5), 0, 0, 0, 15_000),
        new Row("two are", gaps(5, 20, 60, 5), 0, 0, 0, 60_000),
        new Row("flush of 60 s", gaps(60, 60, 60, 60), 0, 0, 0, 130_000),
        new Row("scrape of 300 s", gaps(300, 300, 300, 300), 0, 0, 0, 610_000),
        new Row("fixed", gaps(5, 5, 5, 5), 900_000, 0, 0, 900_000),
        new Row("of the cluster alone", gaps(5, 5, 5, 5), 900_000, 30, 0, 30_000),
        new Row("doubled after a change", gaps(5, 5, 5, 5), 0, 0, 1, 30_000),
        new Row("again", gaps(5, 5, 5, 5), 0, 0, 2, 60_000),
        new Row("eight times at the most", gaps(5, 5, 5, 5), 0, 0, 9, 120_000));
  }

  private static List<Long> gaps(int... seconds) {
    return java.util.Arrays.stream(seconds).mapToObj(s -> s * 1_000L).toList();
  }

  @ParameterizedTest
  @MethodSource("timeouts")
  @DisplayName("Timeout")
  void timeout(Row row) {
    Lease lease =
        new HaStates()
            .gaps(row.gapsMs().toArray(Long[]::new))
            .override(row.override())
            .build()
            .lease();
    assertThat(new LeasePolicy(row.fixedMs()).timeoutMs(lease, row.changes()))
        .isEqualTo(row.timeoutMs());
  }

  @Test
  @DisplayName("A leader whose requests arrive has four timeouts")
  void overloadIsNotSilence() {
    assertThat(isSilent(15_000, Lease.NO_TIME)).isTrue();
    assertThat(isSilent(14_999, Lease.NO_TIME)).isFalse();
    assertThat(isSilent(15_000, 86_000)).isFalse();
    assertThat(isSilent(59_999, 99_000)).isFalse();
    assertThat(isSilent(60_000, 99_000)).isTrue();
    assertThat(isSilent(15_000, 85_000)).as("seen a timeout ago").isTrue();
  }

  private static boolean isSilent(long silenceMs, long leaderSeenMs) {
    return LeasePolicy.isSilent(new Silence(5, silenceMs, 100_000), 15_000, leaderSeenMs, 100_000);
  }

  @Test
  @DisplayName("Gaps run from a burst's first commit to the next one's, blind looks count for none")
  void cadence() {
    Cadence cadence = new Cadence();
    List<Long> gaps = new java.util.ArrayList<>();
    // Bursts of three commits at 10, 15, 20 …; nobody looks between 26 and 31.
    long commits = 0;
    long committedAt = Lease.NO_TIME;
    for (long now = 9_500; now < 50_000; now += 1_000) {
      long second = now / 1_000;
      if (second >= 10 && second % 5 < 3) {
        commits++;
        committedAt = now - 200;
      }
      if (second < 26 || second > 30) {
        long gap = cadence.look(new Progress(0, 0, 0, commits, committedAt), now);
        if (gap > 0) {
          gaps.add(gap);
        }
      }
    }
    // Who begins to look in the middle of a burst takes that for its beginning.
    assertThat(gaps).hasSize(6).allMatch(gap -> gap >= 4_000 && gap <= 5_000);
    assertThat(gaps).startsWith(5_000L, 5_000L, 5_000L);
  }

  @Test
  @DisplayName("Sixteen gaps are remembered")
  void remembered() {
    List<Long> gaps =
        LongStream.rangeClosed(1, 40).boxed().reduce(List.<Long>of(), Cadence::with, (a, b) -> b);
    assertThat(gaps).hasSize(16).startsWith(25L).endsWith(40L);
    assertThat(Cadence.of(gaps)).hasValue(39);
  }

  @Test
  @DisplayName("The worst lag is remembered for five minutes")
  void lagWindow() {
    LagWindow window = new LagWindow();
    assertThat(window.add(7_000, 0)).isEqualTo(7_000);
    assertThat(window.add(100, 200_000)).isEqualTo(7_000);
    assertThat(window.add(0, 299_999)).isEqualTo(7_000);
    assertThat(window.add(0, 301_000)).isEqualTo(100);
    assertThat(window.add(50, 900_000)).isEqualTo(50);
    assertThat(window.add(20, 100_000)).as("a clock that went back").isEqualTo(20);
  }
}
