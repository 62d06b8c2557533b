package org.promscale.load;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.promscale.testbed.WireLabels;

/**
 * The series of one exporter as scraped from any number of machines, each as the bytes of an entry
 * with one sample. Only those of one machine are kept; the number of the machine, the value and the
 * time are written over a copy, so that a million series take no memory. Immutable, thread-safe.
 */
final class SeriesTemplates {

  private static final String MACHINE = "node-000000";

  private static final int MACHINE_DIGITS = 6;

  /** Of a time between 1989 and 2109, as a varint. */
  private static final int TIMESTAMP_BYTES = 6;

  private static final long ANY_MS = 1_700_000_000_000L;

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Template(byte[] bytes, int digitsEnd, double value, boolean isCounter) {}

  private final List<Template> templates = new ArrayList<>();
  private int longest;

  /**
   * Makes the templates.
   *
   * @param series of one machine
   * @param more labels that all of them have; {@code instance} is added
   */
  SeriesTemplates(List<ExporterSeries> series, Map<String, String> more) {
    for (ExporterSeries one : series) {
      Map<String, String> labels = new TreeMap<>(more);
      labels.put("instance", MACHINE + ".example.org:9100");
      ExporterSeries labelled = one.with(labels);
      // A value of 0 would be left out.
      ByteString entry = WireLabels.request(labelled.labels(), ANY_MS, 1).toByteString();
      byte[] bytes = entry.toByteArray();
      int machine = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(MACHINE);
      templates.add(
          new Template(bytes, machine + MACHINE.length(), one.value(), labelled.isCounter()));
      longest = Math.max(longest, bytes.length);
    }
  }

  /** Returns the number of series that a machine has. */
  int perMachine() {
    return templates.size();
  }

  /** Returns the bytes that the longest entry takes. */
  int longestEntry() {
    return longest;
  }

  /**
   * Writes an entry with one sample.
   *
   * @param index of the series, from 0
   * @param round how often the series was written before; counters grow by it
   * @return the position after it
   */
  int write(long index, long round, long timestampMs, byte[] buffer, int position) {
    Template template = templates.get((int) (index % templates.size()));
    int end = position + template.bytes.length;
    System.arraycopy(template.bytes, 0, buffer, position, template.bytes.length);
    long machine = index / templates.size();
    for (int i = 1; i <= MACHINE_DIGITS; i++) {
      buffer[position + template.digitsEnd - i] = (byte) ('0' + machine % 10);
      machine /= 10;
    }
    // An entry ends with its sample: tag, 8 bytes of value, tag, the time.
    double value = template.isCounter ? template.value + round : template.value;
    ByteBuffer.wrap(buffer)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putDouble(end - TIMESTAMP_BYTES - 1 - Double.BYTES, value);
    long rest = timestampMs;
    for (int i = 0; i < TIMESTAMP_BYTES; i++) {
      int more = i < TIMESTAMP_BYTES - 1 ? 0x80 : 0;
      buffer[end - TIMESTAMP_BYTES + i] = (byte) ((rest & 0x7f) | more);
      rest >>>= 7;
    }
    return end;
  }
}
