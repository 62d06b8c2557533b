package org.promscale.launcher;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Unpacks the ustar archive of the PostgreSQL binaries. A library for this (commons-compress) needs
 * three more, together 3 MB in the root of the uber-jar, where they would hide the versions of
 * deployed applications; the archive has nothing but files, directories and links with short names.
 */
final class TarReader {
  private static final int BLOCK = 512;
  private static final int NAME_LENGTH = 100;
  private static final int MODE_AT = 100;
  private static final int SIZE_AT = 124;
  private static final int SIZE_LENGTH = 12;
  private static final int MODE_LENGTH = 8;
  private static final int TYPE_AT = 156;
  private static final int LINK_AT = 157;
  private static final int PREFIX_AT = 345;
  private static final int PREFIX_LENGTH = 155;
  private static final int EXECUTABLE = 0100;

  private TarReader() {}

  /**
   * Unpacks into an existing directory; files become readable for everybody, because the server may
   * run as another user than the launcher.
   *
   * @throws IOException also for an entry of another kind, or one that leaves the directory
   */
  static void unpack(InputStream archive, Path directory) throws IOException {
    InputStream in = new BufferedInputStream(archive, 1 << 16);
    byte[] header = new byte[BLOCK];
    while (in.readNBytes(header, 0, BLOCK) == BLOCK && header[0] != 0) {
      Path target = directory.resolve(name(header)).normalize();
      if (!target.startsWith(directory)) {
        throw new IOException("entry outside of the archive: " + name(header));
      }
      long size = octal(header, SIZE_AT, SIZE_LENGTH);
      char type = (char) header[TYPE_AT];
      switch (type) {
        case '0', '\0' -> writeFile(in, header, target, size);
        case '2' -> {
          Files.createDirectories(parent(target));
          Files.createSymbolicLink(target, Path.of(text(header, LINK_AT, NAME_LENGTH)));
        }
        case '5' -> makeDirectory(target);
        default -> throw new IOException("entry of unknown kind " + type + ": " + target);
      }
    }
  }

  private static void writeFile(InputStream in, byte[] header, Path target, long size)
      throws IOException {
    makeDirectory(parent(target));
    byte[] buffer = new byte[1 << 16];
    try (OutputStream out = Files.newOutputStream(target)) {
      long left = size;
      while (left > 0) {
        int count = in.read(buffer, 0, (int) Math.min(left, buffer.length));
        if (count < 0) {
          throw new EOFException("archive ends inside of " + target);
        }
        out.write(buffer, 0, count);
        left -= count;
      }
    }
    in.skipNBytes((BLOCK - size % BLOCK) % BLOCK);
    boolean executable = (octal(header, MODE_AT, MODE_LENGTH) & EXECUTABLE) != 0;
    Files.setPosixFilePermissions(
        target, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
  }

  private static void makeDirectory(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(directory);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  private static Path parent(Path target) throws IOException {
    Path parent = target.getParent();
    if (parent == null) {
      throw new IOException("entry without a directory: " + target);
    }
    return parent;
  }

  private static String name(byte[] header) {
    String prefix = text(header, PREFIX_AT, PREFIX_LENGTH);
    String name = text(header, 0, NAME_LENGTH);
    return prefix.isEmpty() ? name : prefix + "/" + name;
  }

  private static long octal(byte[] header, int from, int length) throws IOException {
    String digits = text(header, from, length).strip();
    try {
      return digits.isEmpty() ? 0 : Long.parseLong(digits, 8);
    } catch (NumberFormatException e) {
      throw new IOException("damaged archive", e);
    }
  }

  private static String text(byte[] header, int from, int length) {
    int end = from;
    while (end < from + length && header[end] != 0) {
      end++;
    }
    return new String(header, from, end - from, StandardCharsets.UTF_8);
  }
}
