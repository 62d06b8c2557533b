package org.promscale.wire;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.promscale.ingest.RejectReason;

/** Tells whether PostgreSQL can store bytes as text. One thread at a time. */
final class Utf8Check {

  private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();

  /** Returns what is wrong with the bytes as a text, or {@code null}. */
  @Nullable RejectReason defect(byte[] buffer, int start, int length) {
    int signs = 0;
    for (int i = start; i < start + length; i++) {
      if (buffer[i] == 0) {
        return RejectReason.NUL_CHARACTER;
      }
      signs |= buffer[i];
    }
    if (signs >= 0) {
      return null; // ASCII, as nearly all labels are: spares the decoder and its buffers
    }
    try {
      CharBuffer unused = utf8.decode(ByteBuffer.wrap(buffer, start, length));
      return null;
    } catch (CharacterCodingException e) {
      return RejectReason.INVALID_UTF8;
    }
  }
}
