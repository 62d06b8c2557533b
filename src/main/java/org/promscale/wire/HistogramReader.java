package org.promscale.wire;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;
import org.promscale.model.NativeHistogram;
import org.promscale.model.StaleMarker;
import org.promscale.wire.proto.RemoteWriteV1;
import org.promscale.wire.proto.RemoteWriteV1.Histogram;

/**
 * From the histogram message to the model, and whether it is consistent. Stateless.
 *
 * @see <a href="https://prometheus.io/docs/specs/native_histograms/">Native histograms</a>
 */
final class HistogramReader {

  /**
   * Largest message that is parsed; 160 buckets, which Prometheus stops at, take less than 2 KiB.
   */
  static final int MAX_BYTES = 64 * 1024;

  private static final int SCHEMA_MIN = -4;
  private static final int SCHEMA_MAX = 8;
  private static final int SCHEMA_CUSTOM_BOUNDS = -53;

  private HistogramReader() {}

  /** Returns the number of values that the message's lists hold. */
  static int buckets(Histogram message) {
    return message.getPositiveSpansCount()
        + message.getPositiveDeltasCount()
        + message.getPositiveCountsCount()
        + message.getNegativeSpansCount()
        + message.getNegativeDeltasCount()
        + message.getNegativeCountsCount()
        + message.getCustomValuesCount();
  }

  /** Converts the message. Which count member is present decides between integer and float. */
  static NativeHistogram read(Histogram message) {
    boolean integer = message.getCountCase() != Histogram.CountCase.COUNT_FLOAT;
    return new NativeHistogram(
        message.getSchema(),
        message.getZeroThreshold(),
        integer,
        message.getCountInt(),
        message.getCountFloat(),
        message.getZeroCountInt(),
        message.getZeroCountFloat(),
        Double.doubleToRawLongBits(message.getSum()),
        spans(message.getPositiveSpansCount(), message::getPositiveSpans),
        longs(message.getPositiveDeltasCount(), message::getPositiveDeltas),
        doubles(message.getPositiveCountsCount(), message::getPositiveCounts),
        spans(message.getNegativeSpansCount(), message::getNegativeSpans),
        longs(message.getNegativeDeltasCount(), message::getNegativeDeltas),
        doubles(message.getNegativeCountsCount(), message::getNegativeCounts),
        doubles(message.getCustomValuesCount(), message::getCustomValues),
        message.getResetHintValue());
  }

  /** Returns what is inconsistent, or {@code null}. */
  static @Nullable String defect(Histogram message, NativeHistogram h) {
    if (h.countInteger() < 0 || h.zeroCountInteger() < 0) {
      return "count over 2^63-1";
    }
    if (h.resetHint() < 0 || h.resetHint() > 3) {
      return "unknown reset hint " + h.resetHint();
    }
    boolean custom = h.schema() == SCHEMA_CUSTOM_BOUNDS;
    if (!custom && (h.schema() < SCHEMA_MIN || h.schema() > SCHEMA_MAX)) {
      return "unsupported schema " + h.schema();
    }
    if (StaleMarker.is(h.sumBits())) {
      return null; // the end of the series: counts mean nothing
    }
    boolean mixed =
        h.integer()
            ? message.getZeroCountCase() == Histogram.ZeroCountCase.ZERO_COUNT_FLOAT
                || h.positiveCounts().length + h.negativeCounts().length > 0
            : message.getZeroCountCase() == Histogram.ZeroCountCase.ZERO_COUNT_INT
                || h.positiveDeltas().length + h.negativeDeltas().length > 0;
    if (mixed) {
      return "integer and float counts mixed";
    }
    String bounds = custom ? customDefect(h) : h.customValues().length > 0 ? "custom bounds" : null;
    if (bounds != null) {
      return bounds;
    }
    int positive = h.integer() ? h.positiveDeltas().length : h.positiveCounts().length;
    int negative = h.integer() ? h.negativeDeltas().length : h.negativeCounts().length;
    if (!spansFit(h.positiveSpans(), positive) || !spansFit(h.negativeSpans(), negative)) {
      return "spans do not match buckets";
    }
    return h.integer() ? integerDefect(h) : floatDefect(h);
  }

  private static @Nullable String customDefect(NativeHistogram h) {
    if (h.negativeSpans().length > 0 || h.zeroThreshold() != 0) {
      return "custom bounds with negative buckets or a zero bucket";
    }
    if (h.zeroCountInteger() != 0 || h.zeroCountFloat() != 0) {
      return "custom bounds with a zero bucket";
    }
    double[] bounds = h.customValues();
    for (int i = 0; i < bounds.length; i++) {
      boolean rising = i == 0 || bounds[i] > bounds[i - 1];
      if (!rising || Double.isNaN(bounds[i])) {
        return "custom bounds do not rise";
      }
    }
    if (bounds.length > 0 && bounds[bounds.length - 1] == Double.POSITIVE_INFINITY) {
      return "custom bounds end in +Inf";
    }
    long reach = 0;
    for (int span : h.positiveSpans()) {
      reach += span;
    }
    boolean negativeStart = h.positiveSpans().length > 0 && h.positiveSpans()[0] < 0;
    return negativeStart || reach > bounds.length + 1L ? "bucket without custom bound" : null;
  }

  private static boolean spansFit(int[] spans, int buckets) {
    long total = 0;
    for (int i = 0; i < spans.length; i += 2) {
      if (spans[i + 1] < 0 || (i > 0 && spans[i] < 0)) {
        return false;
      }
      total += spans[i + 1];
    }
    return total == buckets;
  }

  private static @Nullable String integerDefect(NativeHistogram h) {
    long positive = sumOfDeltas(h.positiveDeltas());
    long negative = sumOfDeltas(h.negativeDeltas());
    if (positive < 0 || negative < 0) {
      return "negative bucket";
    }
    long sum = saturated(saturated(positive, negative), h.zeroCountInteger());
    boolean nan = Double.isNaN(Double.longBitsToDouble(h.sumBits()));
    // Observations of NaN count, but fall in no bucket.
    boolean fits = nan ? sum <= h.countInteger() : sum == h.countInteger();
    return fits && sum < Long.MAX_VALUE
        ? null
        : "count " + h.countInteger() + " but buckets hold " + sum;
  }

  /** Adds two numbers that are not negative. */
  private static long saturated(long a, long b) {
    long sum = a + b;
    return sum < 0 ? Long.MAX_VALUE : sum;
  }

  /** Returns the sum of all buckets, or a negative number if one is negative or it overflows. */
  private static long sumOfDeltas(long[] deltas) {
    long bucket = 0;
    long sum = 0;
    for (long delta : deltas) {
      bucket += delta;
      sum += bucket;
      if (bucket < 0 || sum < 0) {
        return -1;
      }
    }
    return sum;
  }

  private static @Nullable String floatDefect(NativeHistogram h) {
    for (double[] counts : List.of(h.positiveCounts(), h.negativeCounts())) {
      for (double count : counts) {
        if (count < 0) {
          return "negative bucket";
        }
      }
    }
    return h.countFloat() < 0 || h.zeroCountFloat() < 0 ? "negative count" : null;
  }

  private static int[] spans(int count, IntFunction<RemoteWriteV1.BucketSpan> spans) {
    int[] result = new int[2 * count];
    for (int i = 0; i < count; i++) {
      result[2 * i] = spans.apply(i).getOffset();
      result[2 * i + 1] = spans.apply(i).getLength();
    }
    return result;
  }

  private static long[] longs(int count, IntToLongFunction values) {
    long[] result = new long[count];
    Arrays.setAll(result, values);
    return result;
  }

  private static double[] doubles(int count, IntToDoubleFunction values) {
    double[] result = new double[count];
    Arrays.setAll(result, values);
    return result;
  }
}
