package org.promscale.launcher;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.UserPrincipal;
import org.jspecify.annotations.Nullable;

/** What a launcher does to whole directories. Links are never followed. */
final class Directories {

  private Directories() {}

  /** Deletes a directory with all it holds; one that is not there is no error. */
  static void delete(Path directory) throws IOException {
    if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      visit(directory, Files::deleteIfExists);
    }
  }

  /** Gives a directory and all it holds to a user. */
  static void giveTo(Path directory, UserPrincipal user) throws IOException {
    visit(
        directory,
        path -> Files.setAttribute(path, "posix:owner", user, LinkOption.NOFOLLOW_LINKS));
  }

  /** Says why the file system refused, in words for a person. */
  static String reason(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof NoSuchFileException missing) {
      return "no such file " + missing.getFile();
    }
    if (e instanceof FileSystemException refused && refused.getReason() != null) {
      return refused.getReason();
    }
    return String.valueOf(e.getMessage());
  }

  private interface Action {
    void apply(Path path) throws IOException;
  }

  private static void visit(Path directory, Action action) throws IOException {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            action.apply(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path left, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            action.apply(left);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
