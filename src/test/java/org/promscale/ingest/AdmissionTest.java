package org.promscale.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** The gate: how many writes and bytes are inside. */
class AdmissionTest {

  private final Admission admission = new Admission(2, 100);

  @Test
  void thirdWriteIsToldToComeBack() {
    Admission.Ticket first = admission.enter();
    admission.enter();
    assertOverloaded(admission::enter);
    assertThat(admission.writesInside()).isEqualTo(2);
    first.close();
    admission.enter();
    assertOverloaded(admission::enter);
  }

  @Test
  void closingTwiceCountsOnce() {
    Admission.Ticket ticket = admission.enter();
    ticket.hold(10);
    ticket.close();
    ticket.close();
    assertThat(admission.writesInside()).isZero();
    assertThat(admission.bytesInside()).isZero();
  }

  @Test
  void bytesOfAllWritesCount() {
    Admission.Ticket first = admission.enter();
    Admission.Ticket second = admission.enter();
    first.hold(60);
    second.hold(40);
    assertOverloaded(() -> second.hold(41));
    assertThat(admission.bytesInside()).isEqualTo(100);
    first.close();
    second.hold(100);
    assertThat(admission.bytesInside()).isEqualTo(100);
  }

  @Test
  void aWriteMayGrowAndShrink() {
    Admission.Ticket ticket = admission.enter();
    ticket.hold(10);
    ticket.hold(90);
    ticket.hold(20);
    assertThat(admission.bytesInside()).isEqualTo(20);
    ticket.close();
    assertThat(admission.bytesInside()).isZero();
  }

  /** Else a request larger than the bound would be refused for ever. */
  @Test
  void aSingleLargerWriteIsLetInAlone() {
    Admission.Ticket large = admission.enter();
    large.hold(60);
    large.hold(500);
    Admission.Ticket other = admission.enter();
    assertOverloaded(() -> other.hold(1));
    large.hold(400);
    assertThat(admission.bytesInside()).isEqualTo(400);
  }

  @Test
  void aLargerWriteWaitsForTheOthers() {
    Admission.Ticket other = admission.enter();
    other.hold(1);
    Admission.Ticket large = admission.enter();
    assertOverloaded(() -> large.hold(500));
    other.close();
    large.hold(500);
  }

  @Test
  void nothingIsLostAmongThreads() throws Exception {
    Admission gate = new Admission(3, 1_000);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<?>> done = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        done.add(threads.submit(() -> enterOften(gate)));
      }
      for (Future<?> future : done) {
        future.get(30, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(gate.writesInside()).isZero();
    assertThat(gate.bytesInside()).isZero();
  }

  private static void enterOften(Admission gate) {
    for (int i = 0; i < 5_000; i++) {
      try (Admission.Ticket ticket = gate.enter()) {
        ticket.hold(400);
        ticket.hold(700);
        ticket.hold(100);
      } catch (IngestFailure e) {
        assertThat(e.kind()).isEqualTo(FailureKind.OVERLOADED);
      }
    }
  }

  private static void assertOverloaded(ThrowingCallable action) {
    IngestFailure failure = catchThrowableOfType(IngestFailure.class, action);
    assertThat(failure.kind()).isEqualTo(FailureKind.OVERLOADED);
    assertThat(failure.kind().senderRetries()).isTrue();
  }
}
