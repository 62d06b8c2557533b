package org.promscale.wire;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes protobuf by hand, so that tests can also write what no encoder would. */
final class RawMessage {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  RawMessage varint(int field, long value) {
    return number((long) field << 3 | ProtoReader.VARINT).number(value);
  }

  RawMessage fixed64(int field, long bits) {
    number((long) field << 3 | ProtoReader.FIXED64);
    for (int shift = 0; shift < 64; shift += 8) {
      out.write((int) (bits >>> shift));
    }
    return this;
  }

  RawMessage bytes(int field, byte[] bytes) {
    number((long) field << 3 | ProtoReader.BYTES).number(bytes.length);
    out.writeBytes(bytes);
    return this;
  }

  RawMessage text(int field, String text) {
    return bytes(field, text.getBytes(StandardCharsets.UTF_8));
  }

  RawMessage message(int field, RawMessage message) {
    return bytes(field, message.toBytes());
  }

  /** Writes bytes as they are. */
  RawMessage raw(int... bytes) {
    for (int b : bytes) {
      out.write(b);
    }
    return this;
  }

  /** Writes bytes as they are. */
  RawMessage raw(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  /** Writes a varint without a tag. */
  RawMessage number(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      out.write((int) ((rest & 0x7f) | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
    return this;
  }

  /** Writes one field of each wire type with numbers that remote write does not know. */
  RawMessage unknownFields() {
    varint(99, -1).fixed64(100, 7).text(101, "from the future");
    return number(102L << 3 | ProtoReader.FIXED32).raw(1, 2, 3, 4);
  }

  byte[] toBytes() {
    return out.toByteArray();
  }
}
