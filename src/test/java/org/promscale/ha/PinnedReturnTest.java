package org.promscale.ha;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** When a pinned replica leads again: b does, a is pinned, looks are a second apart. */
class PinnedReturnTest {

  private static final long TIMEOUT_MS = 45_000;
  private static final Steering PINNED = new Steering("a", Long.MAX_VALUE, Set.of());

  private final PinnedReturn watch = new PinnedReturn();

  private static HaStates at(double now) {
    return new HaStates()
        .past(1, "a", Double.NEGATIVE_INFINITY, 50)
        .term(2, "b", 50, 50)
        .steering(PINNED)
        .frontier(now - 5, now - 5)
        .now(now);
  }

  private static ClusterState good(double now) {
    return at(now).seen("a", now - 1, now - 10).build();
  }

  /** Looks every second; returns what came of the last look. */
  private @Nullable String good(int from, int to) {
    String replica = null;
    for (int now = from; now <= to; now++) {
      replica = watch.look(good(now), TIMEOUT_MS);
    }
    return replica;
  }

  @Test
  void afterASettleTimeOfGaplessDelivery() {
    assertThat(good(100, 119)).isNull();
    assertThat(good(120, 120)).isEqualTo("a");
  }

  @Test
  void laterWhereShardsAreUneven() {
    List<@Nullable String> looks = new ArrayList<>();
    for (int now = 100; now <= 150; now++) {
      looks.add(watch.look(at(now).lag(25).seen("a", now, now - 10).build(), TIMEOUT_MS));
    }
    assertThat(looks.subList(0, 50)).containsOnlyNulls();
    assertThat(looks.get(50)).isEqualTo("a");
  }

  @Test
  void anewAfterItWasBehind() {
    good(100, 110);
    assertThat(watch.look(at(111).seen("a", 111, 86).build(), TIMEOUT_MS)).isNull();
    assertThat(good(112, 131)).isNull();
    assertThat(good(132, 132)).isEqualTo("a");
  }

  @Test
  void anewAfterItWasNotSeen() {
    good(100, 110);
    watch.look(at(111).seen("a", 66, 110).build(), TIMEOUT_MS);
    assertThat(good(112, 131)).isNull();
  }

  @Test
  void anewAfterNobodyHasLooked() {
    good(100, 115);
    assertThat(good(121, 140)).as("five seconds missing").isNull();
    assertThat(good(141, 141)).isEqualTo("a");
  }

  @Test
  void aShortPauseOfLooksDoesNoHarm() {
    good(100, 115);
    assertThat(good(120, 120)).isEqualTo("a");
  }

  @Test
  void anewAfterTheClockWentBack() {
    good(100, 115);
    assertThat(good(90, 109)).isNull();
    assertThat(good(110, 110)).isEqualTo("a");
  }

  @Test
  void notWithoutAPin() {
    for (int now = 100; now < 200; now++) {
      ClusterState ended =
          at(now).steering(new Steering("a", now * 1_000L, Set.of())).seen("a", now, now).build();
      assertThat(watch.look(ended, TIMEOUT_MS)).isNull();
    }
  }

  @Test
  void notWhileItIsDrainedOrLeadsOrIsGone() {
    for (int now = 100; now < 150; now++) {
      Steering both = new Steering("a", Long.MAX_VALUE, Set.of("a"));
      assertThat(watch.look(at(now).steering(both).seen("a", now, now).build(), TIMEOUT_MS))
          .isNull();
    }
    for (int now = 150; now < 200; now++) {
      Steering leader = new Steering("b", Long.MAX_VALUE, Set.of());
      assertThat(watch.look(at(now).steering(leader).seen("b", now, now).build(), TIMEOUT_MS))
          .isNull();
    }
    for (int now = 200; now < 250; now++) {
      assertThat(watch.look(at(now).build(), TIMEOUT_MS)).isNull();
    }
  }
}
