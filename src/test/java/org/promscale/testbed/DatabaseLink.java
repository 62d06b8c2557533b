package org.promscale.testbed;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * The way to a PostgreSQL server through Debian's {@code haproxy}, which can be cut: a killed one
 * resets every connection, whatever is on its way. One thread at a time.
 */
public final class DatabaseLink extends HaproxyProcess {

  private final int target;

  private DatabaseLink(int target) {
    super("database-link");
    this.target = target;
  }

  /** Starts a link to a port of the loopback address. */
  public static DatabaseLink startTo(int target) {
    DatabaseLink link = new DatabaseLink(target);
    link.start();
    return link;
  }

  /** Returns the address for {@code -db.uri}. */
  public String uriOf(String database) {
    return "postgres://postgres@127.0.0.1:" + port() + "/" + database + "?sslmode=disable";
  }

  @Override
  protected boolean isReady() throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port()), 1_000);
      return true;
    }
  }

  @Override
  String configuration() {
    return String.join(
        "\n",
        "global",
        "  maxconn 1000",
        "defaults",
        "  mode tcp",
        "  timeout connect 2s",
        "  timeout client 60s",
        "  timeout server 60s",
        "listen database",
        "  bind 127.0.0.1:" + port(),
        "  server postgresql 127.0.0.1:" + target,
        "");
  }
}
