package org.promscale.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.model.NativeHistogram;
import org.promscale.model.StaleMarker;
import org.promscale.wire.proto.RemoteWriteV1.BucketSpan;
import org.promscale.wire.proto.RemoteWriteV1.Histogram;

/** Native histograms: conversion, and what is inconsistent about them. */
class HistogramReaderTest {

  private static final double NAN = Double.longBitsToDouble(0x7ff8000000000001L);
  private static final double STALE = Double.longBitsToDouble(StaleMarker.BITS);

  @Test
  void convertsIntegers() {
    NativeHistogram h = HistogramReader.read(integer().setResetHintValue(2).build());
    assertThat(h.integer()).isTrue();
    assertThat(h.schema()).isEqualTo(3);
    assertThat(h.zeroThreshold()).isEqualTo(0.001);
    assertThat(h.countInteger()).isEqualTo(23);
    assertThat(h.zeroCountInteger()).isEqualTo(4);
    assertThat(h.sumBits()).isEqualTo(Double.doubleToRawLongBits(18.4));
    assertThat(h.positiveSpans()).containsExactly(-2, 2, 1, 1);
    assertThat(h.positiveDeltas()).containsExactly(3, 2, -4);
    assertThat(h.negativeSpans()).containsExactly(5, 2);
    assertThat(h.negativeDeltas()).containsExactly(4, 2);
    assertThat(h.positiveCounts()).isEmpty();
    assertThat(h.negativeCounts()).isEmpty();
    assertThat(h.customValues()).isEmpty();
    assertThat(h.resetHint()).isEqualTo(2);
  }

  @Test
  void convertsFloats() {
    NativeHistogram h = HistogramReader.read(floating().build());
    assertThat(h.integer()).isFalse();
    assertThat(h.countFloat()).isEqualTo(12.5);
    assertThat(h.zeroCountFloat()).isEqualTo(1.5);
    assertThat(h.positiveCounts()).containsExactly(4, 7);
    assertThat(h.positiveDeltas()).isEmpty();
  }

  @Test
  void presenceOfTheCountDecidesTheKind() {
    assertThat(HistogramReader.read(Histogram.newBuilder().setCountFloat(0).build()).integer())
        .isFalse();
    assertThat(HistogramReader.read(Histogram.newBuilder().setCountInt(0).build()).integer())
        .isTrue();
    assertThat(HistogramReader.read(Histogram.getDefaultInstance()).integer()).isTrue();
  }

  static List<Arguments> sound() {
    return List.of(
        row("integers", integer(), h -> h),
        row("floats", floating(), h -> h),
        row("custom bounds", custom(), h -> h),
        row("empty integers", Histogram.newBuilder().setCountInt(0), h -> h),
        row("empty floats", Histogram.newBuilder().setCountFloat(0), h -> h),
        row("smallest schema", integer(), h -> h.setSchema(-4)),
        row("largest schema", integer(), h -> h.setSchema(8)),
        row("gauge", integer(), h -> h.setResetHintValue(3)),
        row("observations of NaN are in no bucket", integer(), h -> h.setSum(NAN).setCountInt(24)),
        row("sum NaN, count exact", integer(), h -> h.setSum(NAN)),
        row("sum +Inf", integer(), h -> h.setSum(Double.POSITIVE_INFINITY)),
        row(
            "largest count",
            Histogram.newBuilder(),
            h -> h.setCountInt(Long.MAX_VALUE - 1).setZeroCountInt(Long.MAX_VALUE - 1)),
        row("float counts need not add up", floating(), h -> h.setCountFloat(12)),
        row("span of length 0", integer(), h -> h.addPositiveSpans(span(7, 0))),
        row("stale integers", Histogram.newBuilder(), h -> h.setCountInt(0).setSum(STALE)),
        row(
            "stale, count without buckets",
            Histogram.newBuilder(),
            h -> h.setCountInt(9).setSum(STALE)),
        row("stale floats", Histogram.newBuilder(), h -> h.setCountFloat(0).setSum(STALE)),
        row(
            "no custom bounds, only the +Inf bucket",
            Histogram.newBuilder(),
            h -> h.setSchema(-53).setCountInt(2).addPositiveSpans(span(0, 1)).addPositiveDeltas(2)),
        row("custom bound -Inf", custom(), h -> h.setCustomValues(0, Double.NEGATIVE_INFINITY)));
  }

  @ParameterizedTest
  @MethodSource("sound")
  void accepts(Histogram message) {
    assertThat(defect(message)).isNull();
  }

  static List<Arguments> unsound() {
    return List.of(
        bad("schema below", "unsupported schema -5", integer(), h -> h.setSchema(-5)),
        bad("schema above", "unsupported schema 9", integer(), h -> h.setSchema(9)),
        bad("schema -52", "unsupported schema", integer(), h -> h.setSchema(-52)),
        bad(
            "stale with bad schema",
            "unsupported schema",
            integer(),
            h -> h.setSchema(-54).setSum(STALE)),
        bad("reset hint", "unknown reset hint 4", integer(), h -> h.setResetHintValue(4)),
        bad(
            "negative reset hint",
            "unknown reset hint -1",
            integer(),
            h -> h.setResetHintValue(-1)),
        bad("count too small", "count 22 but buckets hold 23", integer(), h -> h.setCountInt(22)),
        bad("count too large", "count 99 but buckets hold 23", integer(), h -> h.setCountInt(99)),
        bad(
            "count absent",
            "count 0 but buckets hold 23",
            integer(),
            Histogram.Builder::clearCount),
        bad("sum NaN, count too small", "count 22", integer(), h -> h.setSum(NAN).setCountInt(22)),
        bad("count over 2^63", "count over", integer(), h -> h.setCountInt(-1)),
        bad("zero count over 2^63", "count over", integer(), h -> h.setZeroCountInt(-1)),
        bad("negative bucket", "negative bucket", integer(), h -> h.setPositiveDeltas(2, -6)),
        bad(
            "negative bucket below 0",
            "negative bucket",
            integer(),
            h -> h.setNegativeDeltas(0, -1)),
        bad(
            "buckets that overflow",
            "negative bucket",
            integer(),
            h -> h.setPositiveDeltas(1, Long.MAX_VALUE)),
        bad(
            "sum of all that overflows twice",
            "but buckets hold",
            Histogram.newBuilder(),
            h ->
                h.setCountInt(0)
                    .setZeroCountInt(2)
                    .addPositiveSpans(span(0, 1))
                    .addPositiveDeltas(Long.MAX_VALUE)
                    .addNegativeSpans(span(0, 1))
                    .addNegativeDeltas(Long.MAX_VALUE)),
        bad(
            "sum NaN and overflow",
            "but buckets hold",
            Histogram.newBuilder(),
            h ->
                h.setSum(NAN)
                    .setCountInt(Long.MAX_VALUE)
                    .setZeroCountInt(2)
                    .addPositiveSpans(span(0, 1))
                    .addPositiveDeltas(Long.MAX_VALUE)),
        bad(
            "too few buckets",
            "spans do not match",
            integer(),
            h -> h.addPositiveSpans(span(1, 1))),
        bad("too many buckets", "spans do not match", integer(), h -> h.addNegativeDeltas(1)),
        bad(
            "gap below 0",
            "spans do not match",
            integer(),
            h -> h.setPositiveSpans(1, span(-1, 1))),
        bad(
            "length over 2^31",
            "spans do not match",
            integer(),
            h -> h.setPositiveSpans(1, span(1, -1))),
        bad(
            "lengths that cancel out",
            "spans do not match",
            integer(),
            h -> h.addPositiveSpans(span(1, 1)).addPositiveSpans(span(1, -1))),
        bad("floats among integers", "mixed", integer(), h -> h.addPositiveCounts(1)),
        bad("integers among floats", "mixed", floating(), h -> h.addNegativeDeltas(1)),
        bad("zero count of the other kind", "mixed", integer(), h -> h.setZeroCountFloat(4)),
        bad("integer zero count among floats", "mixed", floating(), h -> h.setZeroCountInt(1)),
        bad(
            "negative float bucket",
            "negative bucket",
            floating(),
            h -> h.setPositiveCounts(0, -1)),
        bad("negative float count", "negative count", floating(), h -> h.setCountFloat(-1)),
        bad(
            "negative float zero count",
            "negative count",
            floating(),
            h -> h.setZeroCountFloat(-1)),
        bad("bounds without custom schema", "custom bounds", integer(), h -> h.addCustomValues(1)),
        bad("bounds that fall", "do not rise", custom(), h -> h.setCustomValues(1, 0.5)),
        bad("bounds that repeat", "do not rise", custom(), h -> h.setCustomValues(1, 1)),
        bad("bound NaN", "do not rise", custom(), h -> h.setCustomValues(0, NAN)),
        bad("last bound NaN", "do not rise", custom(), h -> h.setCustomValues(1, NAN)),
        bad(
            "bound +Inf",
            "end in +Inf",
            custom(),
            h -> h.setCustomValues(1, Double.POSITIVE_INFINITY)),
        bad(
            "custom with negative buckets",
            "negative buckets",
            custom(),
            h -> h.addNegativeSpans(span(0, 1)).addNegativeDeltas(1)),
        bad("custom with a zero bucket", "zero bucket", custom(), h -> h.setZeroCountInt(1)),
        bad("custom with a zero threshold", "zero bucket", custom(), h -> h.setZeroThreshold(1)),
        bad(
            "bucket before the first bound",
            "without custom bound",
            custom(),
            h -> h.setPositiveSpans(0, span(-1, 3))),
        bad(
            "bucket after the last bound",
            "without custom bound",
            custom(),
            h -> h.setPositiveSpans(0, span(1, 3))));
  }

  @ParameterizedTest
  @MethodSource("unsound")
  void refuses(String defect, Histogram message) {
    assertThat(defect(message)).contains(defect);
  }

  /** Buckets: zero 4, positive 3, 5, 1, negative 4, 6. */
  private static Histogram.Builder integer() {
    return Histogram.newBuilder()
        .setSchema(3)
        .setZeroThreshold(0.001)
        .setCountInt(23)
        .setZeroCountInt(4)
        .setSum(18.4)
        .addPositiveSpans(span(-2, 2))
        .addPositiveSpans(span(1, 1))
        .addPositiveDeltas(3)
        .addPositiveDeltas(2)
        .addPositiveDeltas(-4)
        .addNegativeSpans(span(5, 2))
        .addNegativeDeltas(4)
        .addNegativeDeltas(2);
  }

  private static Histogram.Builder floating() {
    return Histogram.newBuilder()
        .setCountFloat(12.5)
        .setZeroCountFloat(1.5)
        .addPositiveSpans(span(0, 2))
        .addPositiveCounts(4)
        .addPositiveCounts(7);
  }

  /** Two bounds, so three buckets. */
  private static Histogram.Builder custom() {
    return Histogram.newBuilder()
        .setSchema(-53)
        .setCountInt(6)
        .addCustomValues(1)
        .addCustomValues(2)
        .addPositiveSpans(span(0, 3))
        .addPositiveDeltas(1)
        .addPositiveDeltas(1)
        .addPositiveDeltas(1);
  }

  private static BucketSpan span(int offset, int length) {
    return BucketSpan.newBuilder().setOffset(offset).setLength(length).build();
  }

  private static @Nullable String defect(Histogram message) {
    return HistogramReader.defect(message, HistogramReader.read(message));
  }

  private static Arguments row(
      String name, Histogram.Builder base, UnaryOperator<Histogram.Builder> change) {
    return argumentSet(name, change.apply(base).build());
  }

  private static Arguments bad(
      String name, String defect, Histogram.Builder base, UnaryOperator<Histogram.Builder> change) {
    return argumentSet(name, defect, change.apply(base).build());
  }
}
