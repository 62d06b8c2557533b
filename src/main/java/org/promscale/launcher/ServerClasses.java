package org.promscale.launcher;

import fish.payara.micro.PayaraMicro;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import org.jspecify.annotations.Nullable;

/**
 * Where the server's classes come from: the directory beside the jar that the jar's manifest names,
 * or, where that is missing, the archives inside of the jar. The JVM takes classes from its archive
 * and maps them instead of reading, checking and copying them, only where they are on the class
 * path.
 */
final class ServerClasses {
  private static final String SERVER = "fish.payara.micro.impl.PayaraMicroImpl";

  /** The server reads its class path from this jar's manifest, and lets both run all code. */
  private static final String BOOT_JAR = "fish.payara.micro.BootJar";

  private static final String UNPACKED = "fish.payara.micro.UnpackDir";

  private ServerClasses() {}

  /**
   * Loads the server, which is not started yet.
   *
   * @param directory for what the server unpacks
   * @throws LaunchFailure where only a part of the directory is there
   */
  static PayaraMicro load(Path directory) throws LaunchFailure {
    Class<?> server = onClassPath();
    if (server == null) {
      PayaraMicro.setUpackedJarDir(directory.toFile());
      return PayaraMicro.getInstance();
    }
    URI jar = jar();
    requireWhole(jar);
    System.setProperty(BOOT_JAR, jar.toString());
    System.setProperty(UNPACKED, new File(jar.resolve(".")).getPath());
    try {
      // It registers itself, and so keeps its launcher from unpacking what is there already.
      server.getMethod("getInstance").invoke(null);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("not the server this launcher was built for", e);
    }
    return PayaraMicro.getInstance();
  }

  private static @Nullable Class<?> onClassPath() {
    try {
      return Class.forName(SERVER);
    } catch (ClassNotFoundException e) {
      return null;
    }
  }

  /** Returns this jar as the JVM names it in the origin of classes: one slash, no host. */
  static URI jar() {
    CodeSource source = ServerClasses.class.getProtectionDomain().getCodeSource();
    if (source == null) {
      throw new IllegalStateException("classes without an origin");
    }
    try {
      return source.getLocation().toURI();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Half of a server would boot, and fail somewhere with an error nobody understands. So would one
   * behind a link: it tells its own jars by their real paths.
   */
  private static void requireWhole(URI jar) throws LaunchFailure {
    List<Path> files = new ArrayList<>();
    for (String entry : classPath(jar)) {
      files.add(Path.of(jar.resolve(entry)));
    }
    for (Path file : files) {
      if (!Files.isRegularFile(file)) {
        throw LaunchFailure.environment(
            file + " is missing: copy the whole directory from the build, or remove it");
      }
    }
    for (Path file : files) {
      if (isLinked(Path.of(jar.resolve(".")), file)) {
        throw LaunchFailure.environment(
            file + " is behind a link: copy the directory from the build instead, or remove it");
      }
    }
  }

  private static boolean isLinked(Path directory, Path file) throws LaunchFailure {
    try {
      return !file.toRealPath()
          .equals(directory.toRealPath().resolve(directory.relativize(file).normalize()));
    } catch (IOException e) {
      throw LaunchFailure.environment("cannot read " + file + ": " + Directories.reason(e));
    }
  }

  private static String[] classPath(URI jar) throws LaunchFailure {
    try (JarFile file = new JarFile(new File(jar))) {
      String names = file.getManifest().getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
      return names == null ? new String[0] : names.split(" ");
    } catch (IOException e) {
      throw LaunchFailure.environment("cannot read " + jar + ": " + Directories.reason(e));
    }
  }
}
