package org.promscale.launcher;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.stream.Stream;
import org.tukaani.xz.XZInputStream;

/**
 * The programs of the bundled PostgreSQL, unpacked once per version. Immutable.
 *
 * @param home the directory that holds {@code bin}, {@code lib} and {@code share}
 * @param version for instance {@code 17.11}
 */
record PostgresBinaries(Path home, String version) {
  private static final String PREFIX = "postgresql-";
  private static final String UNFINISHED = ".unfinished";

  /** Makes sure that programs for this machine are bundled. */
  static void requireForThisMachine() throws LaunchFailure {
    archive();
  }

  /**
   * Names the programs; {@link #unpack} puts them there.
   *
   * @param directory the embedded database's directory
   */
  static PostgresBinaries in(Path directory) {
    String version = BuildInfo.embeddedPostgresVersion();
    return new PostgresBinaries(directory.resolve(PREFIX + version), version);
  }

  /** Returns the version's first number: data of another one cannot be opened. */
  String major() {
    return version.substring(0, version.indexOf('.'));
  }

  String program(String name) {
    return home.resolve("bin").resolve(name).toString();
  }

  /**
   * Unpacks the programs where they are not there yet. Takes a second or two.
   *
   * @throws LaunchFailure where the disk does not take them
   */
  void unpack() throws LaunchFailure {
    if (Files.isDirectory(home)) {
      return;
    }
    Path directory = home.resolveSibling(home.getFileName() + UNFINISHED);
    try {
      Directories.delete(directory);
      Files.createDirectory(directory);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
      try (InputStream packed = Bundled.open(archive())) {
        if (packed == null) {
          throw LaunchFailure.environment(
              "no embedded PostgreSQL in this jar: name a database with -db.uri or -db.host");
        }
        TarReader.unpack(new XZInputStream(new BufferedInputStream(packed, 1 << 16)), directory);
      }
      Files.move(directory, home, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw LaunchFailure.environment(
          "cannot unpack PostgreSQL into " + home + ": " + Directories.reason(e));
    }
  }

  /** Removes the programs of other versions; none of them may run any more. */
  void removeOthers() throws IOException {
    Path parent = home.getParent();
    if (parent == null) {
      return;
    }
    try (Stream<Path> entries = Files.list(parent)) {
      for (Path entry : entries.toList()) {
        if (entry.getFileName().toString().startsWith(PREFIX) && !entry.equals(home)) {
          Directories.delete(entry);
        }
      }
    }
  }

  private static String archive() throws LaunchFailure {
    String system = System.getProperty("os.name", "");
    String machine = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    if (system.equals("Linux") && (machine.equals("amd64") || machine.equals("x86_64"))) {
      return "/postgres-linux-x86_64.txz";
    }
    if (system.equals("Linux") && machine.equals("aarch64")) {
      return "/postgres-linux-arm_64.txz";
    }
    throw LaunchFailure.environment(
        "no embedded PostgreSQL for " + system + " " + machine + ": name a database with -db.uri");
  }
}
