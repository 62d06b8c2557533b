package org.promscale.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/**
 * A cursor over protobuf bytes that copies nothing. Every read checks its bounds; what is not
 * protobuf ends in {@link IngestFailure} MALFORMED. One thread at a time.
 *
 * @see <a href="https://protobuf.dev/programming-guides/encoding/">Encoding</a>
 */
final class ProtoReader {

  static final int VARINT = 0;
  static final int FIXED64 = 1;
  static final int BYTES = 2;
  static final int FIXED32 = 5;

  private static final VarHandle FIXED =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] buffer;
  private int position;
  private int end;

  ProtoReader(byte[] buffer, int start, int end) {
    this.buffer = buffer;
    this.position = start;
    this.end = end;
  }

  /** Moves to another range of the same bytes. */
  void range(int start, int stop) {
    position = start;
    end = stop;
  }

  byte[] buffer() {
    return buffer;
  }

  int position() {
    return position;
  }

  int end() {
    return end;
  }

  boolean atEnd() {
    return position == end;
  }

  /** Reads a tag; field number in the upper bits, wire type in the lowest three. */
  int tag() {
    if (position < end && buffer[position] > 0) {
      int tag = buffer[position++];
      if (tag >>> 3 == 0) {
        throw malformed("field number 0");
      }
      return tag;
    }
    long tag = varint();
    if (tag >>> 32 != 0 || tag >>> 3 == 0) {
      throw malformed("invalid field number");
    }
    return (int) tag;
  }

  long varint() {
    if (position < end) {
      byte first = buffer[position];
      if (first >= 0) {
        position++;
        return first;
      }
    }
    return longVarint();
  }

  private long longVarint() {
    long value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (position == end) {
        throw malformed("it ends within a number");
      }
      byte b = buffer[position++];
      value |= (b & 0x7fL) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw malformed("a number is longer than 10 bytes");
  }

  long fixed64() {
    if (end - position < 8) {
      throw malformed("it ends within a number");
    }
    long value = (long) FIXED.get(buffer, position);
    position += 8;
    return value;
  }

  /** Reads a length and checks that so many bytes follow; does not move past them. */
  int length() {
    long length = varint();
    if (length < 0 || length > end - position) {
      throw malformed("a length points past its end");
    }
    return (int) length;
  }

  /** Moves past bytes that {@link #length} has checked. */
  void advance(int bytes) {
    position += bytes;
  }

  /** Moves past a field of any known wire type. */
  void skip(int tag) {
    switch (tag & 7) {
      case VARINT -> varint();
      case FIXED64 -> fixed64();
      case BYTES -> advance(length());
      case FIXED32 -> {
        if (end - position < 4) {
          throw malformed("it ends within a number");
        }
        position += 4;
      }
      default -> throw malformed("wire type " + (tag & 7));
    }
  }

  static IngestFailure malformed(String what) {
    return new IngestFailure(
        FailureKind.MALFORMED, "cannot decode the body as a remote write 1.0 request: " + what);
  }
}
