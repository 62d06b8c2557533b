package org.promscale.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Debian's {@code haproxy} on a free port of the loopback address. One thread at a time. */
abstract class HaproxyProcess extends ServerProcess {

  private final String program = Programs.require("haproxy", "haproxy");
  private final Path directory = Programs.temporaryDirectory("haproxy");
  private final Path file = directory.resolve("haproxy.cfg");
  private final int port = Programs.freePort();

  /**
   * Names the server; nothing is started yet.
   *
   * @param name what the log file and error messages call it
   */
  HaproxyProcess(String name) {
    super(name);
  }

  /** Returns the configuration; asked at every start. */
  abstract String configuration();

  @Override
  protected final List<String> command() {
    try {
      Files.writeString(file, configuration());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return List.of(program, "-db", "-f", file.toString());
  }

  @Override
  protected boolean isReady() throws Exception {
    return HttpProbe.isOk(uri("/-/ready"));
  }

  /** Returns where it listens. */
  final int port() {
    return port;
  }

  /** Returns an address behind which a connector answers. */
  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  @Override
  public void close() {
    super.close();
    Programs.delete(directory);
  }
}
