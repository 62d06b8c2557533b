package org.promscale.model;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Keyed 128-bit hash of a canonical label set: SipHash with one compression and three finalisation
 * rounds over 64-bit words. The key is random per process, so no sender can make two series collide
 * on purpose; two honest ones do with probability 2<sup>-128</sup>.
 *
 * <p>The words are: the tenant; then for each label, in order of names, the lengths of name and
 * value, the name, the value, each padded with zero bytes to whole words. Lengths come first, so no
 * two label sets give the same words. The replica label is never part of it: replicas of a cluster
 * share their series.
 *
 * <p>One thread at a time. Usage: {@link #begin}, {@link #add} per label, {@link #finish}, then
 * {@link #high} and {@link #low}.
 *
 * @see <a href="https://www.aumasson.jp/siphash/siphash.pdf">SipHash: a fast short-input PRF</a>
 */
public final class SeriesHasher {

  private static final VarHandle WORD =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final long key0;
  private final long key1;
  private final int compressionRounds;
  private final int finalRounds;

  private long v0;
  private long v1;
  private long v2;
  private long v3;
  private int words;
  private long high;
  private long low;

  /** Makes a hasher with this key. */
  public SeriesHasher(long key0, long key1) {
    this(key0, key1, 1, 3);
  }

  /** For the published test vectors, which use other numbers of rounds. */
  SeriesHasher(long key0, long key1, int compressionRounds, int finalRounds) {
    this.key0 = key0;
    this.key1 = key1;
    this.compressionRounds = compressionRounds;
    this.finalRounds = finalRounds;
  }

  /** Starts a series of this tenant. */
  public void begin(int tenant) {
    reset();
    word(tenant);
  }

  /** Adds a label, given as UTF-8 bytes in {@code buffer}. */
  public void add(byte[] buffer, int nameStart, int nameLength, int valueStart, int valueLength) {
    word(((long) nameLength << 32) | valueLength);
    bytes(buffer, nameStart, nameLength);
    bytes(buffer, valueStart, valueLength);
  }

  /** Ends the series; {@link #high} and {@link #low} then hold its hash. */
  public void finish() {
    word((long) words << 59); // the length in bytes, modulo 256, in the top byte
    v2 ^= 0xee;
    rounds(finalRounds);
    low = v0 ^ v1 ^ v2 ^ v3;
    v1 ^= 0xdd;
    rounds(finalRounds);
    high = v0 ^ v1 ^ v2 ^ v3;
  }

  /** Returns the upper 64 bits of the last finished series. */
  public long high() {
    return high;
  }

  /** Returns the lower 64 bits of the last finished series. */
  public long low() {
    return low;
  }

  void reset() {
    v0 = key0 ^ 0x736f6d6570736575L;
    v1 = key1 ^ 0x646f72616e646f6dL ^ 0xee;
    v2 = key0 ^ 0x6c7967656e657261L;
    v3 = key1 ^ 0x7465646279746573L;
    words = 0;
  }

  void word(long word) {
    v3 ^= word;
    rounds(compressionRounds);
    v0 ^= word;
    words++;
  }

  private void bytes(byte[] buffer, int start, int length) {
    int end = start + length;
    int position = start;
    for (; position + 8 <= end; position += 8) {
      word((long) WORD.get(buffer, position));
    }
    int rest = end - position;
    if (rest > 0) {
      word(tail(buffer, position, rest));
    }
  }

  private static long tail(byte[] buffer, int position, int rest) {
    if (position + 8 <= buffer.length) {
      return (long) WORD.get(buffer, position) & (-1L >>> (64 - 8 * rest));
    }
    long word = 0;
    for (int i = 0; i < rest; i++) {
      word |= (buffer[position + i] & 0xffL) << (8 * i);
    }
    return word;
  }

  private void rounds(int count) {
    long a = v0;
    long b = v1;
    long c = v2;
    long d = v3;
    for (int i = 0; i < count; i++) {
      a += b;
      c += d;
      b = Long.rotateLeft(b, 13) ^ a;
      d = Long.rotateLeft(d, 16) ^ c;
      a = Long.rotateLeft(a, 32);
      c += b;
      a += d;
      b = Long.rotateLeft(b, 17) ^ c;
      d = Long.rotateLeft(d, 21) ^ a;
      c = Long.rotateLeft(c, 32);
    }
    v0 = a;
    v1 = b;
    v2 = c;
    v3 = d;
  }
}
