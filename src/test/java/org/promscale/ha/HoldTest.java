package org.promscale.ha;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.promscale.model.ReplicaIdentity;

/** The bound of the hold. */
class HoldTest {

  private static HeldRequest request(int bodyLength) {
    return new HeldRequest(
        7,
        0,
        new ReplicaIdentity("c", "b"),
        new byte[bodyLength],
        1,
        2,
        new HeldRequest.Arrival(2, 0),
        5,
        Probes.NONE);
  }

  @Test
  @DisplayName("Room is promised once, taken, and free again")
  void room() {
    HeldRequest first = request(1_000);
    Hold hold = new Hold(2 * first.bytes());
    assertThat(hold.reserve(first.bytes())).isTrue();
    assertThat(hold.reserve(first.bytes())).isTrue();
    assertThat(hold.reserve(1)).as("full").isFalse();
    assertThat(hold.add(first)).isTrue();
    hold.release(first.bytes());
    assertThat(hold.bytes()).isEqualTo(first.bytes());
    assertThat(hold.items()).isEqualTo(5);
    assertThat(hold.of(7)).containsExactly(first);
    assertThat(hold.of(8)).isEmpty();
    assertThat(hold.remove(first)).isTrue();
    assertThat(hold.remove(first)).as("twice").isFalse();
    assertThat(hold.bytes()).isZero();
  }

  @Test
  @DisplayName("A single request larger than the hold is taken alone")
  void large() {
    HeldRequest large = request(10_000);
    Hold hold = new Hold(100);
    assertThat(hold.reserve(large.bytes())).isTrue();
    assertThat(hold.add(large)).isTrue();
    assertThat(hold.reserve(1)).isFalse();
  }

  @Test
  @DisplayName("A closed hold takes nothing, not even what it has promised")
  void closed() {
    HeldRequest first = request(10);
    HeldRequest late = request(10);
    Hold hold = new Hold(10_000);
    hold.reserve(first.bytes());
    hold.add(first);
    hold.reserve(late.bytes());
    assertThat(hold.close()).containsExactly(first);
    assertThat(hold.add(late)).isFalse();
    assertThat(hold.addAnyway(late)).isFalse();
    assertThat(hold.reserve(1)).isFalse();
    assertThat(hold.bytes()).isEqualTo(first.bytes());
  }
}
