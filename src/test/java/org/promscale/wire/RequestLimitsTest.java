package org.promscale.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;
import static org.promscale.wire.V1.rawLabel;
import static org.promscale.wire.V1.rawSample;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/** Bounds of a request, and that a small body cannot make much of our memory. */
class RequestLimitsTest {

  /** 3 entries and 5 samples. */
  private static final WireLimits SMALL = new WireLimits(1_000, 1_000, 3, 5, 64, 1_024, 4_096);

  /** What the decoder may take for each byte of a hostile request. */
  private static final int BYTES_PER_BYTE = 8;

  static List<Arguments> atTheLimit() {
    return List.of(
        argumentSet("3 entries", repeat(3, 1, series(1))),
        argumentSet("entries without data", repeat(3, 1, new RawMessage())),
        argumentSet("3 metadata entries", repeat(3, 3, new RawMessage().text(2, "f"))),
        argumentSet("5 samples in one entry", repeat(1, 1, series(5))),
        argumentSet(
            "99 buckets in one span",
            new RawMessage()
                .message(
                    1,
                    series(0)
                        .message(
                            4, new RawMessage().raw(0x5a, 2, 0x10, 99).message(12, fill(99, 0))))),
        argumentSet("5 samples in two entries", repeat(1, 1, series(2)).message(1, series(3))));
  }

  @ParameterizedTest
  @MethodSource("atTheLimit")
  void accepts(RawMessage request) {
    assertThat(V1.decode(request.toBytes(), SMALL, V1.KNOWS_NOTHING).rejections().total()).isZero();
  }

  static List<Arguments> overTheLimit() {
    return List.of(
        argumentSet("4 entries", "3 series", repeat(4, 1, series(1))),
        argumentSet("4 entries without data", "3 series", repeat(4, 1, new RawMessage())),
        argumentSet(
            "4 metadata entries",
            "3 metadata entries",
            repeat(4, 3, new RawMessage().text(2, "f"))),
        argumentSet("6 samples in one entry", "5 samples", repeat(1, 1, series(6))),
        argumentSet("6 samples in two entries", "5 samples", repeat(2, 1, series(3))),
        argumentSet("6 exemplars", "5 samples", repeat(1, 1, repeat(6, 3, new RawMessage()))),
        argumentSet("6 histograms", "5 samples", repeat(1, 1, repeat(6, 4, new RawMessage()))),
        argumentSet(
            "101 buckets in two histograms",
            "100 histogram buckets",
            new RawMessage()
                .message(
                    1,
                    series(0)
                        .message(4, new RawMessage().message(12, fill(50, 0)))
                        .message(4, new RawMessage().message(9, fill(51, 0))))),
        argumentSet(
            "6 of all kinds",
            "5 samples",
            repeat(
                2,
                1,
                repeat(1, 4, new RawMessage())
                    .message(3, new RawMessage())
                    .message(2, new RawMessage()))));
  }

  @ParameterizedTest
  @MethodSource("overTheLimit")
  void refuses(String what, RawMessage request) {
    IngestFailure failure = failure(request.toBytes(), SMALL);
    assertThat(failure.kind()).isEqualTo(FailureKind.REJECTED);
    assertThat(failure).hasMessageContaining("more than " + what);
  }

  static List<Arguments> hostile() {
    int size = 4 << 20;
    RawMessage label = rawLabel("__name__", "m");
    return List.of(
        argumentSet("empty samples", fill(size, 0x12, 0)),
        argumentSet("empty exemplars", fill(size, 0x1a, 0)),
        argumentSet("empty histograms", fill(size, 0x22, 0)),
        argumentSet("empty labels", fill(size, 0x0a, 0)),
        argumentSet(
            "exemplar of empty labels",
            new RawMessage().message(1, label).message(3, fill(size, 0x0a, 0))),
        argumentSet(
            "exemplar of unknown fields",
            new RawMessage().message(1, label).message(3, fill(size, 0x78, 1))),
        argumentSet(
            "histogram of deltas",
            new RawMessage()
                .message(1, label)
                .message(4, new RawMessage().message(12, fill(size, 0)))),
        argumentSet(
            "histogram of spans",
            new RawMessage().message(1, label).message(4, fill(size, 0x5a, 0))),
        argumentSet(
            "histogram of unknown fields",
            new RawMessage().message(1, label).message(4, fill(size, 0x98, 0x07, 1))));
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void hostileSeriesTakesLittleMemory(RawMessage series) {
    assertCheap(new RawMessage().message(1, series).toBytes());
  }

  @Test
  void hostileMetadataTakesLittleMemory() {
    assertCheap(new RawMessage().message(3, fill(4 << 20, 0x98, 0x07, 1)).toBytes());
    assertCheap(repeat(50_000, 3, fill(60, 0x98, 0x07, 1)).toBytes());
  }

  private static void assertCheap(byte[] request) {
    long before = Allocation.ofThisThread();
    try {
      V1.decode(request);
    } catch (IngestFailure e) {
      assertThat(e.kind().senderRetries()).isFalse();
    }
    long allocated = Allocation.ofThisThread() - before;
    assertThat(allocated).isLessThan((long) BYTES_PER_BYTE * request.length);
  }

  private static IngestFailure failure(byte[] request, WireLimits limits) {
    return catchThrowableOfType(
        IngestFailure.class, () -> V1.decode(request, limits, V1.KNOWS_NOTHING));
  }

  private static RawMessage series(int samples) {
    RawMessage series = new RawMessage().message(1, rawLabel("__name__", "m"));
    for (int i = 0; i < samples; i++) {
      series.message(2, rawSample(i, i));
    }
    return series;
  }

  private static RawMessage repeat(int times, int field, RawMessage message) {
    RawMessage all = new RawMessage();
    for (int i = 0; i < times; i++) {
      all.message(field, message);
    }
    return all;
  }

  private static RawMessage fill(int size, int... bytes) {
    RawMessage all = new RawMessage();
    for (int i = 0; i < size / bytes.length; i++) {
      all.raw(bytes);
    }
    return all;
  }
}
