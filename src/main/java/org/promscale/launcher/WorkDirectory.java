package org.promscale.launcher;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A temporary directory for everything the server unpacks. It is locked while its process lives, so
 * that the next launcher can tell what a killed one left behind, and removes it.
 */
final class WorkDirectory implements AutoCloseable {
  private static final String PREFIX = "promscale-";
  private static final String LOCK = "lock";

  private final Path path;
  private final FileChannel lock;

  private WorkDirectory(Path path, FileChannel lock) {
    this.path = path;
    this.lock = lock;
  }

  /**
   * Makes a directory, and removes those of killed predecessors.
   *
   * @param parent the system's directory for temporary files
   */
  static WorkDirectory in(Path parent) throws LaunchFailure {
    try {
      removeLeftovers(parent);
      String name = String.format(Locale.ROOT, "%s%016x", PREFIX, new SecureRandom().nextLong());
      Path path =
          Files.createDirectory(
              parent.resolve(name),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      FileChannel lock =
          FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (lock.tryLock() == null) {
        throw new IOException("cannot lock " + path);
      }
      return new WorkDirectory(path, lock);
    } catch (IOException e) {
      throw LaunchFailure.environment(
          "cannot use " + parent + " for temporary files: " + Directories.reason(e));
    }
  }

  Path path() {
    return path;
  }

  /** Removes the directory. */
  @Override
  public void close() throws IOException {
    lock.close();
    Directories.delete(path);
  }

  private static void removeLeftovers(Path parent) throws IOException {
    List<Path> candidates;
    try (Stream<Path> entries = Files.list(parent)) {
      candidates =
          entries.filter(p -> p.getFileName().toString().matches(PREFIX + "[0-9a-f]{16}")).toList();
    }
    for (Path candidate : candidates) {
      try {
        removeIfAbandoned(candidate);
      } catch (IOException e) {
        // Another user's, or another launcher is just as busy with it: leave it.
      }
    }
  }

  private static void removeIfAbandoned(Path candidate) throws IOException {
    Path file = candidate.resolve(LOCK);
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      if (channel.tryLock() != null) {
        Directories.delete(candidate);
      }
    } catch (OverlappingFileLockException e) {
      throw new IOException("held by this process", e);
    }
  }
}
