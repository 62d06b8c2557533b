package org.promscale.wire;

import java.io.IOException;
import org.promscale.ingest.FailureKind;
import org.promscale.ingest.IngestFailure;
import org.xerial.snappy.Snappy;
import org.xerial.snappy.SnappyError;

/**
 * Snappy's block format, the only one remote write allows.
 *
 * @see <a href="https://github.com/google/snappy/blob/main/format_description.txt">Format</a>
 */
public final class SnappyBlock {

  private static final int MAX_HEADER_BYTES = 5;

  private SnappyBlock() {}

  /**
   * Returns the length that the block says it decodes to, and touches nothing else of it.
   *
   * @throws IngestFailure MALFORMED if there is no valid length, if it is over the cap, or if no
   *     block of this size can decode to that much
   */
  public static int decodedLength(byte[] block, int length, int capBytes) {
    long declared = 0;
    int position = 0;
    while (true) {
      if (position == length || position == MAX_HEADER_BYTES) {
        throw malformed("no valid length at its start" + hint(block, length));
      }
      byte b = block[position];
      declared |= (b & 0x7fL) << (7 * position);
      position++;
      if (b >= 0) {
        break;
      }
    }
    if (declared > 0xffff_ffffL) {
      throw malformed("no valid length at its start" + hint(block, length));
    }
    if (declared > capBytes) {
      throw malformed(
          "it decodes to "
              + declared
              + " bytes and the limit is "
              + capBytes
              + "; lower max_samples_per_send at the sender"
              + hint(block, length));
    }
    // The densest element is a copy: 3 bytes make 64.
    if (declared * 3 > (length - position) * 64L) {
      throw malformed("it is too short for the length it declares" + hint(block, length));
    }
    return (int) declared;
  }

  /**
   * Decodes a block into a buffer of at least {@code decodedLength} bytes.
   *
   * @throws IngestFailure MALFORMED if the block is not valid or not of exactly that length
   */
  public static void decode(byte[] block, int length, byte[] target, int decodedLength) {
    if (target.length < decodedLength) {
      throw new IllegalArgumentException("buffer too small");
    }
    int decoded;
    try {
      decoded = Snappy.uncompress(block, 0, length, target, 0);
    } catch (IOException | SnappyError e) {
      throw malformed("it is corrupt" + hint(block, length));
    }
    if (decoded != decodedLength) {
      throw malformed("its length is not what it declares");
    }
  }

  private static String hint(byte[] block, int length) {
    boolean framed = length >= 4 && block[0] == (byte) 0xff && block[1] == 6 && block[2] == 0;
    return framed ? " (this is snappy's framed format; remote write wants the block format)" : "";
  }

  private static IngestFailure malformed(String what) {
    return new IngestFailure(
        FailureKind.MALFORMED, "cannot decompress the body as a snappy block: " + what);
  }
}
