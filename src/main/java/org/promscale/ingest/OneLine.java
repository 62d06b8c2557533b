package org.promscale.ingest;

/**
 * Foreign text in a message: one line, printable, bounded in bytes. Senders copy our messages into
 * their logs and read 1,024 bytes of them.
 */
public final class OneLine {

  private OneLine() {}

  /** Returns the text without anything that moves a cursor, cut to so many UTF-8 bytes. */
  public static String of(String text, int maxBytes) {
    StringBuilder line = new StringBuilder();
    int bytes = 0;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      int shown = isPrintable(c) ? c : ' ';
      bytes += utf8Bytes(shown);
      if (bytes > maxBytes) {
        return line.append('…').toString();
      }
      line.appendCodePoint(shown);
    }
    return line.toString();
  }

  /** Returns the number of bytes that the text takes in UTF-8. */
  static int utf8Bytes(CharSequence text) {
    return text.codePoints().map(OneLine::utf8Bytes).sum();
  }

  private static int utf8Bytes(int codePoint) {
    return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
  }

  private static boolean isPrintable(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          false;
      default -> true;
    };
  }
}
