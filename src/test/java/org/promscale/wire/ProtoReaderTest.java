package org.promscale.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;

/** Numbers, tags and lengths of protobuf. */
class ProtoReaderTest {

  static List<Arguments> varints() {
    return List.of(
        argumentSet("0", new int[] {0}, 0L),
        argumentSet("127", new int[] {0x7f}, 127L),
        argumentSet("128", new int[] {0x80, 1}, 128L),
        argumentSet("0 in three bytes", new int[] {0x80, 0x80, 0}, 0L),
        argumentSet(
            "largest",
            new int[] {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
            Long.MAX_VALUE),
        argumentSet("-1", new int[] {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, -1L),
        argumentSet(
            "smallest",
            new int[] {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1},
            Long.MIN_VALUE),
        argumentSet(
            "surplus bits are dropped",
            new int[] {0x85, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7e},
            5L));
  }

  @ParameterizedTest
  @MethodSource("varints")
  void readsVarints(int[] bytes, long value) {
    ProtoReader reader = reader(bytes);
    assertThat(reader.varint()).isEqualTo(value);
    assertThat(reader.atEnd()).isTrue();
  }

  /** A buffer is longer than what it holds, and what stands behind it was another request's. */
  @ParameterizedTest
  @MethodSource("varints")
  void readsVarintsBeforeOtherBytes(int[] bytes, long value) {
    for (int other : new int[] {0, 1, 0x7f, 0x80, 0xff}) {
      ProtoReader reader = new ProtoReader(followedBy(bytes, other), 0, bytes.length);
      assertThat(reader.varint()).isEqualTo(value);
      assertThat(reader.atEnd()).isTrue();
    }
  }

  @Test
  void aNumberEndsWhereItsMessageEnds() {
    for (int length = 1; length <= 9; length++) {
      int[] open = new int[length];
      Arrays.fill(open, 0x81);
      ProtoReader reader = new ProtoReader(followedBy(open, 1), 0, length);
      assertThat(catchThrowableOfType(IngestFailure.class, reader::varint).kind())
          .as("%d bytes", length)
          .isEqualTo(FailureKind.MALFORMED);
    }
  }

  @Test
  void readsWhatProtobufWrites() throws IOException {
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 20_000; i++) {
      long value = random.nextLong() >>> random.nextInt(64);
      byte[] buffer = new byte[24];
      random.nextBytes(buffer);
      int start = random.nextInt(12);
      CodedOutputStream out = CodedOutputStream.newInstance(buffer, start, buffer.length - start);
      out.writeUInt64NoTag(value);
      int end = start + out.getTotalBytesWritten();
      ProtoReader reader = new ProtoReader(buffer, start, end);
      assertThat(reader.varint()).isEqualTo(value);
      assertThat(reader.position()).isEqualTo(end);
    }
  }

  private static byte[] followedBy(int[] bytes, int other) {
    byte[] buffer = new byte[bytes.length + 12];
    Arrays.fill(buffer, (byte) other);
    for (int i = 0; i < bytes.length; i++) {
      buffer[i] = (byte) bytes[i];
    }
    return buffer;
  }

  static List<Arguments> malformed() {
    return List.of(
        row("varint of nothing", ProtoReader::varint),
        row("varint without end", ProtoReader::varint, 0x80, 0x80),
        row(
            "varint of 11 bytes",
            ProtoReader::varint,
            0x80,
            0x80,
            0x80,
            0x80,
            0x80,
            0x80,
            0x80,
            0x80,
            0x80,
            0x80,
            1),
        row("fixed64 of 7 bytes", ProtoReader::fixed64, 1, 2, 3, 4, 5, 6, 7),
        row("field 0", ProtoReader::tag, 0x02),
        row("field 0 in two bytes", ProtoReader::tag, 0x82, 0x00),
        row("tag 0", ProtoReader::tag, 0x00),
        row("tag over 32 bits", ProtoReader::tag, 0xfa, 0xff, 0xff, 0xff, 0x1f),
        row("tag -1", ProtoReader::tag, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1),
        row("tag of nothing", ProtoReader::tag),
        row("length past the end", ProtoReader::length, 3, 'a', 'b'),
        row(
            "negative length",
            ProtoReader::length,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            1),
        row("length of 2^32", ProtoReader::length, 0x80, 0x80, 0x80, 0x80, 0x10, 'a'),
        row("length of 2^31", ProtoReader::length, 0x80, 0x80, 0x80, 0x80, 0x08, 'a'),
        row("group", r -> r.skip(r.tag()), 1 << 3 | 3, 1 << 3 | 4),
        row("end of a group", r -> r.skip(r.tag()), 1 << 3 | 4),
        row("wire type 6", r -> r.skip(r.tag()), 1 << 3 | 6),
        row("wire type 7", r -> r.skip(r.tag()), 1 << 3 | 7),
        row("skipped varint without end", r -> r.skip(r.tag()), 1 << 3, 0x80),
        row("skipped fixed32 of 3 bytes", r -> r.skip(r.tag()), 1 << 3 | 5, 1, 2, 3),
        row("skipped bytes past the end", r -> r.skip(r.tag()), 1 << 3 | 2, 2, 1));
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void refuses(Consumer<ProtoReader> action, int[] bytes) {
    IngestFailure failure =
        catchThrowableOfType(IngestFailure.class, () -> action.accept(reader(bytes)));
    assertThat(failure.kind()).isEqualTo(FailureKind.MALFORMED);
  }

  @Test
  void largestFieldNumberIsAllowed() {
    ProtoReader reader = reader(0xf8, 0xff, 0xff, 0xff, 0x0f, 5);
    int tag = reader.tag();
    assertThat(tag >>> 3).isEqualTo((1 << 29) - 1);
    reader.skip(tag);
    assertThat(reader.atEnd()).isTrue();
  }

  @Test
  void passesOverAllWireTypesInUse() {
    byte[] bytes = new RawMessage().unknownFields().varint(1, 42).toBytes();
    ProtoReader reader = new ProtoReader(bytes, 0, bytes.length);
    for (int i = 0; i < 4; i++) {
      reader.skip(reader.tag());
    }
    assertThat(reader.tag()).isEqualTo(1 << 3);
    assertThat(reader.varint()).isEqualTo(42);
  }

  @Test
  void staysInItsRange() {
    byte[] bytes = {9, 9, 0x08, 0x07, 9, 9, 9, 9, 9, 9, 9, 9};
    ProtoReader reader = new ProtoReader(bytes, 2, 4);
    assertThat(reader.tag()).isEqualTo(8);
    assertThat(reader.varint()).isEqualTo(7);
    assertThat(reader.atEnd()).isTrue();
    assertThat(catchThrowableOfType(IngestFailure.class, reader::varint)).isNotNull();
    assertThat(catchThrowableOfType(IngestFailure.class, reader::fixed64)).isNotNull();
  }

  private static Arguments row(String name, Consumer<ProtoReader> action, int... bytes) {
    return argumentSet(name, action, bytes);
  }

  private static ProtoReader reader(int... bytes) {
    byte[] buffer = new RawMessage().raw(bytes).toBytes();
    return new ProtoReader(buffer, 0, buffer.length);
  }
}
