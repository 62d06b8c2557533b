package org.promscale.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** What the build wrote down about itself. */
final class BuildInfo {
  private static final Properties BUILD = load();

  private BuildInfo() {}

  /** Returns the product's version. */
  static String version() {
    return BUILD.getProperty("version", "unknown");
  }

  /** Returns the version of the bundled PostgreSQL, for instance {@code 17.11}. */
  static String embeddedPostgresVersion() {
    // The binaries' own third number is always 0.
    String version = BUILD.getProperty("embedded.postgres.version", "");
    return version.replaceFirst("^(\\d+\\.\\d+)\\..*", "$1");
  }

  private static Properties load() {
    Properties properties = new Properties();
    try (InputStream in = Bundled.open("/org/promscale/build.properties")) {
      if (in != null) {
        properties.load(in);
      }
      return properties;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
