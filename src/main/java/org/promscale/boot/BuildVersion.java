package org.promscale.boot;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The version this application was built as. */
final class BuildVersion {

  private BuildVersion() {}

  static String read() {
    Properties build = new Properties();
    try (InputStream in =
        BuildVersion.class.getResourceAsStream("/org/promscale/build.properties")) {
      if (in != null) {
        build.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return build.getProperty("version", "unknown");
  }
}
