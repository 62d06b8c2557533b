package org.promscale.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Debian's {@code haproxy} with the line of the guide: what it gets below {@code /store/} it asks
 * for below {@code /second/}. One thread at a time.
 */
public final class PrefixProxy extends ServerProcess {

  private final String program;
  private final Path directory = Programs.temporaryDirectory("proxy");
  private final int port = Programs.freePort();

  private PrefixProxy(int serverPort) {
    super("proxy");
    program = Programs.require("haproxy", "haproxy");
    String configuration =
        """
        defaults
          mode http
          timeout connect 2s
          timeout client 60s
          timeout server 60s
        listen proxy
          bind 127.0.0.1:%d
          %s
          server server 127.0.0.1:%d
        """
            .formatted(
                port,
                OperatorGuide.section("Behind a reverse proxy").block("haproxy.cfg").strip(),
                serverPort);
    try {
      Files.writeString(file(), configuration);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts a proxy in front of a server on the loopback address. */
  public static PrefixProxy startNew(int serverPort) {
    PrefixProxy proxy = new PrefixProxy(serverPort);
    proxy.start();
    return proxy;
  }

  @Override
  protected List<String> command() {
    return List.of(program, "-db", "-f", file().toString());
  }

  @Override
  protected boolean isReady() throws Exception {
    return HttpProbe.isOk(uri("/-/ready"));
  }

  /** Returns an address of the application below the proxy's prefix. */
  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port + "/store" + path);
  }

  @Override
  public void close() {
    super.close();
    Programs.delete(directory);
  }

  private Path file() {
    return directory.resolve("haproxy.cfg");
  }
}
