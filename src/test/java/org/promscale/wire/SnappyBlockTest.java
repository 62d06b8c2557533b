package org.promscale.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.xerial.snappy.Snappy;
import org.xerial.snappy.SnappyFramedOutputStream;

/** Blocks made by hand, element by element. */
class SnappyBlockTest {

  private static final int CAP = 1 << 20;

  static List<Arguments> valid() {
    return List.of(
        argumentSet("empty", block(0), ""),
        argumentSet("literal", block(3, 2 << 2, 'a', 'b', 'c'), "abc"),
        argumentSet("literal, length in 1 byte", block(3, 60 << 2, 2, 'a', 'b', 'c'), "abc"),
        argumentSet("literal, length in 2 bytes", block(3, 61 << 2, 2, 0, 'a', 'b', 'c'), "abc"),
        argumentSet("literal, length in 3 bytes", block(3, 62 << 2, 2, 0, 0, 'a', 'b', 'c'), "abc"),
        argumentSet(
            "literal, length in 4 bytes", block(3, 63 << 2, 2, 0, 0, 0, 'a', 'b', 'c'), "abc"),
        argumentSet(
            "copy, offset of 11 bits", block(8, 3 << 2, 'a', 'b', 'c', 'd', 1, 4), "abcdabcd"),
        argumentSet(
            "copy, offset of 16 bits", block(4, 1 << 2, 'a', 'b', 1 << 2 | 2, 2, 0), "abab"),
        argumentSet(
            "copy, offset of 32 bits", block(4, 1 << 2, 'a', 'b', 1 << 2 | 3, 2, 0, 0, 0), "abab"),
        argumentSet("overlapping copy", block(8, 1 << 2, 'a', 'b', 5 << 2 | 2, 2, 0), "abababab"),
        argumentSet("run of one byte", block(12, 0, 'z', 7 << 2 | 1, 1), "z".repeat(12)),
        argumentSet(
            "length in more bytes than needed", block(0x83, 0, 2 << 2, 'a', 'b', 'c'), "abc"));
  }

  @ParameterizedTest
  @MethodSource("valid")
  void decodes(byte[] block, String text) {
    assertThat(new String(decode(block), StandardCharsets.UTF_8)).isEqualTo(text);
  }

  static List<Arguments> invalid() {
    return List.of(
        argumentSet("nothing at all", block()),
        argumentSet("length without end", block(0x80)),
        argumentSet("length of 6 bytes", block(0x80, 0x80, 0x80, 0x80, 0x80, 1, 0, 'a')),
        argumentSet("length over 32 bits", block(0xff, 0xff, 0xff, 0xff, 0x1f, 0, 'a')),
        argumentSet("length over the cap", block(0x81, 0x80, 0x40, 0, 'a')),
        argumentSet("length of 4 GiB", block(0xff, 0xff, 0xff, 0xff, 0x0f, 0, 'a')),
        argumentSet("length no block of this size can have", block(100, 0, 'a', 1, 1)),
        argumentSet("length only", block(1)),
        argumentSet("copy with offset 0", block(5, 0, 'a', 1, 0)),
        argumentSet("copy from before the start", block(5, 0, 'a', 1, 2)),
        argumentSet("copy as first element", block(4, 1, 1)),
        argumentSet("copy without its offset", block(3, 0, 'a', 1 << 2 | 2, 1)),
        argumentSet("copy beyond the length", block(3, 0, 'a', 1, 1)),
        argumentSet("copy with an offset of 4 GiB", block(2, 0, 'a', 3, 0xff, 0xff, 0xff, 0xff)),
        argumentSet("literal beyond the input", block(3, 2 << 2, 'a')),
        argumentSet("literal beyond the length", block(1, 1 << 2, 'a', 'b')),
        argumentSet("literal of 4 GiB", block(3, 63 << 2, 0xff, 0xff, 0xff, 0xff, 'a', 'b')),
        argumentSet("literal without its length", block(3, 61 << 2, 2)),
        argumentSet("less than the length", block(4, 2 << 2, 'a', 'b', 'c')),
        argumentSet("a further element", block(3, 2 << 2, 'a', 'b', 'c', 0, 'd')),
        argumentSet("a trailing byte", block(3, 2 << 2, 'a', 'b', 'c', 0)),
        argumentSet("a trailing byte after nothing", block(0, 0)),
        argumentSet(
            "not compressed", "some text that is long enough".getBytes(StandardCharsets.UTF_8)),
        argumentSet("gzip", block(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3)));
  }

  @ParameterizedTest
  @MethodSource("invalid")
  void refuses(byte[] block) {
    assertThat(failure(block).kind()).isEqualTo(FailureKind.MALFORMED);
  }

  @Test
  void saysWhenTheFormatIsTheFramedOne() throws IOException {
    ByteArrayOutputStream framed = new ByteArrayOutputStream();
    try (SnappyFramedOutputStream out = new SnappyFramedOutputStream(framed)) {
      out.write(new byte[1_000]);
    }
    assertThat(failure(framed.toByteArray())).hasMessageContaining("framed");
  }

  @Test
  void bytesBeyondTheBodyAreNotRead() {
    byte[] buffer = Arrays.copyOf(block(3, 2 << 2, 'a', 'b', 'c'), 100);
    assertThat(SnappyBlock.decodedLength(buffer, 5, CAP)).isEqualTo(3);
    byte[] target = new byte[10];
    SnappyBlock.decode(buffer, 5, target, 3);
    assertThat(target).startsWith('a', 'b', 'c', 0);
    assertThatThrownBy(() -> SnappyBlock.decode(buffer, 4, new byte[10], 3))
        .isInstanceOf(IngestFailure.class);
  }

  @Test
  void lengthAtTheCapPassesAndOneMoreDoesNot() throws IOException {
    byte[] block = Snappy.compress(new byte[CAP]);
    assertThat(SnappyBlock.decodedLength(block, block.length, CAP)).isEqualTo(CAP);
    assertThatThrownBy(() -> SnappyBlock.decodedLength(block, block.length, CAP - 1))
        .isInstanceOf(IngestFailure.class)
        .hasMessageContaining("limit is " + (CAP - 1));
  }

  /** The best an encoder can do must pass the test for impossible lengths. */
  @Test
  void densestBlockPasses() {
    int copies = 1_000;
    RawMessage block = new RawMessage().number(1 + 64L * copies).raw(0, 'x');
    for (int i = 0; i < copies; i++) {
      block.raw(63 << 2 | 2, 1, 0);
    }
    assertThat(decode(block.toBytes())).hasSize(1 + 64 * copies).containsOnly('x');
  }

  @Test
  void refusesATargetThatIsTooSmall() {
    assertThatThrownBy(() -> SnappyBlock.decode(block(3, 2 << 2, 'a', 'b', 'c'), 5, new byte[2], 3))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static byte[] decode(byte[] block) {
    int length = SnappyBlock.decodedLength(block, block.length, CAP);
    byte[] target = new byte[length];
    SnappyBlock.decode(block, block.length, target, length);
    return target;
  }

  private static IngestFailure failure(byte[] block) {
    return catchThrowableOfType(IngestFailure.class, () -> decode(block));
  }

  private static byte[] block(int... bytes) {
    return new RawMessage().raw(bytes).toBytes();
  }
}
