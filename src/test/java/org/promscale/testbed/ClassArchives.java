package org.promscale.testbed;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The archives of loaded classes that the build makes. */
public final class ClassArchives {

  private ClassArchives() {}

  /** Returns where the archive of a jar is, or would be. */
  public static Path beside(Path jar) {
    return jar.toAbsolutePath().resolveSibling("promscale.jsa");
  }

  /** Returns options of a JVM that is to run this jar: with its archive where there is one. */
  public static List<String> options(Path jar) {
    Path archive = beside(jar);
    return Files.exists(archive) ? List.of("-XX:SharedArchiveFile=" + archive) : List.of();
  }
}
