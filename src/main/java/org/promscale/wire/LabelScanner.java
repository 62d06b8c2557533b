package org.promscale.wire;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.RejectReason;
import org.promscale.model.Labels;
import org.promscale.model.SeriesHasher;

/**
 * The labels of one series as positions in the request's bytes. Hashing a series makes no object;
 * only {@link #toLabels}, for a series nobody has seen, makes strings. Reused from series to
 * series; one thread at a time.
 */
final class LabelScanner {

  private static final int NAME = 1 << 3 | ProtoReader.BYTES;
  private static final int VALUE = 2 << 3 | ProtoReader.BYTES;

  private final byte[] buffer;
  private final WireLimits limits;
  private final Utf8Check utf8 = new Utf8Check();

  private final int[] nameStart;
  private final int[] nameLength;
  private final int[] valueStart;
  private final int[] valueLength;
  private int stored;
  private int seen;
  private boolean sorted;
  private boolean duplicate;
  private boolean emptyName;
  private int dropped;
  private int droppedLength;

  LabelScanner(byte[] buffer, WireLimits limits) {
    this.buffer = buffer;
    this.limits = limits;
    int room = limits.labelsPerSeries();
    nameStart = new int[room];
    nameLength = new int[room];
    valueStart = new int[room];
    valueLength = new int[room];
  }

  void reset() {
    stored = 0;
    seen = 0;
    sorted = true;
    duplicate = false;
    emptyName = false;
    dropped = -1;
  }

  /** Reads one label message, from the reader's position to {@code labelEnd}. */
  void read(ProtoReader reader, int labelEnd) {
    int name = 0;
    int nameBytes = 0;
    int value = 0;
    int valueBytes = 0;
    while (reader.position() < labelEnd) {
      int tag = reader.tag();
      if (tag == NAME) {
        nameBytes = lengthWithin(reader, labelEnd);
        name = reader.position();
        reader.advance(nameBytes);
      } else if (tag == VALUE) {
        valueBytes = lengthWithin(reader, labelEnd);
        value = reader.position();
        reader.advance(valueBytes);
      } else {
        reader.skip(tag);
      }
    }
    if (reader.position() != labelEnd) {
      throw ProtoReader.malformed("a length points past its end");
    }
    add(name, nameBytes, value, valueBytes);
  }

  private static int lengthWithin(ProtoReader reader, int labelEnd) {
    int length = reader.length();
    if (length > labelEnd - reader.position()) {
      throw ProtoReader.malformed("a length points past its end");
    }
    return length;
  }

  private void add(int name, int nameBytes, int value, int valueBytes) {
    seen++;
    if (nameBytes == 0) {
      emptyName = true;
    }
    if (stored == nameStart.length) {
      return; // too many: the series is refused, however many more come
    }
    int i = stored++;
    nameStart[i] = name;
    nameLength[i] = nameBytes;
    valueStart[i] = value;
    valueLength[i] = valueBytes;
    if (i > 0) {
      int order = compareNames(i - 1, i);
      sorted &= order < 0;
      duplicate |= order == 0;
    }
  }

  /** Sorts names by their bytes where the sender did not, and finds names that stand twice. */
  void canonicalize() {
    if (sorted) {
      return;
    }
    for (int i = 1; i < stored; i++) {
      for (int j = i; j > 0 && compareNames(j - 1, j) > 0; j--) {
        swap(nameStart, j);
        swap(nameLength, j);
        swap(valueStart, j);
        swap(valueLength, j);
      }
    }
    for (int i = 1; i < stored; i++) {
      duplicate |= compareNames(i - 1, i) == 0;
    }
    sorted = true;
  }

  /**
   * Tells whether the label set can be hashed; if not, {@link #defect} says what is wrong. A set
   * that can be hashed may still be invalid, but then its hash is in no cache.
   */
  boolean isHashable() {
    return !duplicate && !emptyName && seen == stored;
  }

  /**
   * Returns the position of the label with this name, or -1 where it is absent or empty. Positions
   * hold until {@link #reset}; only for a set that can be hashed.
   */
  int find(byte[] name) {
    for (int i = 0; i < stored; i++) {
      if (nameLength[i] == name.length
          && valueLength[i] > 0
          && Arrays.equals(
              buffer, nameStart[i], nameStart[i] + name.length, name, 0, name.length)) {
        return i;
      }
    }
    return -1;
  }

  /** Returns where in the request's bytes the value of the label at this position starts. */
  int valueStart(int position) {
    return valueStart[position];
  }

  /** Returns how many bytes the value of the label at this position has. */
  int valueLength(int position) {
    return valueLength[position];
  }

  /** Returns the value of the label at this position. */
  String value(int position) {
    return text(valueStart[position], valueLength[position]);
  }

  /** Makes one label of the set absent, for everything but {@link #describe}. */
  void drop(int position) {
    dropped = position;
    droppedLength = valueLength[position];
    valueLength[position] = 0;
  }

  /** Feeds the canonical label set: empty values are absent labels. */
  void hashInto(SeriesHasher hasher, int tenant) {
    hasher.begin(tenant);
    for (int i = 0; i < stored; i++) {
      if (valueLength[i] > 0) {
        hasher.add(buffer, nameStart[i], nameLength[i], valueStart[i], valueLength[i]);
      }
    }
    hasher.finish();
  }

  /** Returns what makes this label set unusable as a series, or {@code null}. */
  @Nullable RejectReason defect() {
    RejectReason labelDefect = labelDefect();
    if (labelDefect != null) {
      return labelDefect;
    }
    for (int i = 0; i < stored; i++) {
      if (valueLength[i] > 0 && isMetricName(i)) {
        // The metric's name is a name: views and tables carry it.
        return valueLength[i] > limits.nameBytes() ? RejectReason.LABEL_NAME_TOO_LONG : null;
      }
    }
    return RejectReason.MISSING_METRIC_NAME;
  }

  /** Returns what makes these labels unusable, be they of a series or an exemplar, or null. */
  @Nullable RejectReason labelDefect() {
    if (seen > stored) {
      return RejectReason.TOO_MANY_LABELS;
    }
    if (emptyName) {
      return RejectReason.EMPTY_LABEL_NAME;
    }
    if (duplicate) {
      return RejectReason.DUPLICATE_LABEL_NAME;
    }
    for (int i = 0; i < stored; i++) {
      if (nameLength[i] > limits.nameBytes()) {
        return RejectReason.LABEL_NAME_TOO_LONG;
      }
      if (valueLength[i] > limits.valueBytes()) {
        return RejectReason.LABEL_VALUE_TOO_LONG;
      }
      RejectReason text = utf8.defect(buffer, nameStart[i], nameLength[i]);
      if (text == null) {
        text = utf8.defect(buffer, valueStart[i], valueLength[i]);
      }
      if (text != null) {
        return text;
      }
    }
    return null;
  }

  /** Returns the labels as strings; only for a set without defect. */
  Labels toLabels() {
    String[] pairs = new String[2 * stored];
    for (int i = 0; i < stored; i++) {
      pairs[2 * i] = text(nameStart[i], nameLength[i]);
      pairs[2 * i + 1] = text(valueStart[i], valueLength[i]);
    }
    return Labels.of(pairs);
  }

  /** Returns the labels for a message, readable even where they are broken. */
  String describe() {
    StringBuilder text = new StringBuilder("{");
    for (int i = 0; i < stored && text.length() < 400; i++) {
      text.append(i == 0 ? "" : ", ");
      text.append(text(nameStart[i], Math.min(nameLength[i], 100))).append("=\"");
      int length = i == dropped ? droppedLength : valueLength[i];
      text.append(text(valueStart[i], Math.min(length, 100))).append('"');
    }
    return text.append('}').toString();
  }

  private String text(int start, int length) {
    return new String(buffer, start, length, StandardCharsets.UTF_8);
  }

  private boolean isMetricName(int i) {
    return nameLength[i] == Labels.METRIC_NAME.length()
        && text(nameStart[i], nameLength[i]).equals(Labels.METRIC_NAME);
  }

  private int compareNames(int a, int b) {
    return Arrays.compareUnsigned(
        buffer,
        nameStart[a],
        nameStart[a] + nameLength[a],
        buffer,
        nameStart[b],
        nameStart[b] + nameLength[b]);
  }

  private static void swap(int[] values, int i) {
    int value = values[i];
    values[i] = values[i - 1];
    values[i - 1] = value;
  }
}
