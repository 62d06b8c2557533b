package org.promscale.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/** Room for four bodies, a megabyte for small ones and a megabyte for large ones. */
class ArrivingBodiesTest {

  private static final int MEGABYTE = 1 << 20;
  private static final int CHUNKED = -1;

  private long nanos;
  private int slow;
  private final ArrivingBodies bodies =
      new ArrivingBodies(
          new ArrivingBodies.Limits(32 * MEGABYTE, 4, 2 * MEGABYTE),
          new BufferPool(1, MEGABYTE),
          () -> nanos,
          () -> slow++);

  @Test
  void limitsFollowTheHeap() {
    assertThat(ArrivingBodies.Limits.of(7, 512L << 20))
        .isEqualTo(new ArrivingBodies.Limits(7, 1_024, 32L << 20));
    assertThat(ArrivingBodies.Limits.of(7, 64L << 30))
        .isEqualTo(new ArrivingBodies.Limits(7, 8_192, 4L << 30));
  }

  @Test
  void noMoreBodiesThanThereIsRoomFor() {
    begin(4);
    assertThat(refusal(10)).isEqualTo(FailureKind.OVERLOADED);
    assertThat(bodies.count()).isEqualTo(4);
  }

  @Test
  void thoseThatTrickleGiveWay() {
    List<ArrivingBody> trickling = begin(3);
    nanos += 1_500_000_000;
    ArrivingBody young = bodies.begin(CHUNKED);
    bodies.begin(10);
    assertThat(trickling).allMatch(body -> body.failure() != null);
    assertThat(young.failure()).isNull();
    assertThat(bodies.count()).isEqualTo(2);
    assertThat(slow).isEqualTo(3);
  }

  @Test
  void thoseThatTrickleGiveTheirMemory() {
    ArrivingBody trickling = bodies.begin(CHUNKED);
    take(trickling, MEGABYTE / 4);
    nanos += 60_000_000_000L;
    bodies.begin(10);
    assertThat(trickling.failure()).isNotNull();
  }

  @Test
  void smallBodiesShareTheirHalf() {
    List<ArrivingBody> three = begin(3);
    take(three.get(0), MEGABYTE / 4);
    assertThat(bodies.bytes()).isEqualTo(MEGABYTE);
    take(three.get(1), 1);
    assertOverloaded(three.get(1));
    three.get(0).giveUp();
    take(three.get(2), 1);
    assertThat(three.get(2).failure()).isNull();
  }

  @Test
  void singleLargeBodyIsLetInAndLeavesTheOthersTheirRoom() {
    List<ArrivingBody> three = begin(3);
    take(three.get(0), 8 * MEGABYTE);
    assertThat(three.get(0).failure()).isNull();
    take(three.get(1), 8 * MEGABYTE);
    assertOverloaded(three.get(1));
    take(three.get(2), MEGABYTE / 8);
    assertThat(three.get(2).failure()).isNull();
    three.get(0).giveUp();
    three.get(2).giveUp();
    assertThat(bodies.bytes()).isZero();
  }

  /** Bit by bit, as it comes from a network. */
  @Test
  void singleLargeBodyGrowsToItsEnd() {
    ArrivingBody body = bodies.begin(32 * MEGABYTE);
    for (int i = 0; i < 64; i++) {
      take(body, MEGABYTE / 2);
    }
    assertThat(body.takeOver().length()).isEqualTo(32 * MEGABYTE);
    assertThat(bodies.bytes()).isZero();
  }

  @Test
  void stopEndsAllAndLetsNobodyIn() {
    List<IngestFailure> told = new ArrayList<>();
    begin(3).forEach(body -> body.whenFailed(told::add));
    bodies.stop();
    assertThat(told)
        .hasSize(3)
        .allMatch(failure -> failure.kind() == FailureKind.UNAVAILABLE)
        .allMatch(failure -> failure.toString().contains("stopping"));
    assertThat(refusal(10)).isEqualTo(FailureKind.UNAVAILABLE);
    assertThat(bodies.count()).isZero();
  }

  private List<ArrivingBody> begin(int number) {
    List<ArrivingBody> begun = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      begun.add(bodies.begin(CHUNKED));
    }
    return begun;
  }

  private static void assertOverloaded(ArrivingBody body) {
    assertThat(body.failure())
        .isInstanceOfSatisfying(
            IngestFailure.class,
            failure -> assertThat(failure.kind()).isEqualTo(FailureKind.OVERLOADED));
  }

  private FailureKind refusal(long declared) {
    return catchThrowableOfType(IngestFailure.class, () -> bodies.begin(declared)).kind();
  }

  private static void take(ArrivingBody body, int length) {
    ByteArrayInputStream in = new ByteArrayInputStream(new byte[length]);
    body.take(in, () -> in.available() > 0);
  }
}
