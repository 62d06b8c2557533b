package org.promscale.testbed;

import java.net.URI;

/**
 * Debian's {@code haproxy} with the line of the guide: what it gets below {@code /store/} it asks
 * for below {@code /second/}. One thread at a time.
 */
public final class PrefixProxy extends HaproxyProcess {

  private final int serverPort;

  private PrefixProxy(int serverPort) {
    super("proxy");
    this.serverPort = serverPort;
  }

  /** Starts a proxy in front of a server on the loopback address. */
  public static PrefixProxy startNew(int serverPort) {
    PrefixProxy proxy = new PrefixProxy(serverPort);
    proxy.start();
    return proxy;
  }

  @Override
  String configuration() {
    return """
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
        .formatted(port(), OperatorGuide.page("servers").block("haproxy.cfg").strip(), serverPort);
  }

  /** Returns an address of the application below the proxy's prefix. */
  @Override
  public URI uri(String path) {
    return super.uri("/store" + path);
  }
}
