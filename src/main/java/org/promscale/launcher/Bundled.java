package org.promscale.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import org.jspecify.annotations.Nullable;

/** Files that lie in the jar beside the launcher. */
final class Bundled {

  private Bundled() {}

  /**
   * Opens a file.
   *
   * <p>All readers of a jar share one {@link java.util.jar.JarFile} unless they ask for one of
   * their own, and the server, which looks into this jar while it boots, closes it: then whoever
   * still reads fails, with an {@link IOException} or with a bare NullPointerException.
   *
   * @param name its absolute name
   * @return null where there is none
   */
  static @Nullable InputStream open(String name) throws IOException {
    URL resource = Bundled.class.getResource(name);
    if (resource == null) {
      return null;
    }
    URLConnection connection = resource.openConnection();
    connection.setUseCaches(false);
    return connection.getInputStream();
  }
}
