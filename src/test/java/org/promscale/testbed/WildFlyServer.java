package org.promscale.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;

/** WildFly with the driver as a module and a data source. One thread at a time. */
public final class WildFlyServer extends ApplicationServer {

  private static final int HTTP = 8_080;
  private static final int MANAGEMENT = 9_990;

  private final int offset = freeBase(1, HTTP, 8_443, MANAGEMENT);
  private final PostgresServer postgres;

  private WildFlyServer(PostgresServer postgres) {
    super("wildfly", "WildFly 39", "wildfly");
    this.postgres = postgres;
    try {
      Files.writeString(directory().resolve("promscale.cli"), block("promscale.cli"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    operate("prepare");
  }

  /** Makes and starts a server whose data source leads to a database. */
  public static WildFlyServer start(PostgresServer postgres) {
    WildFlyServer server = new WildFlyServer(postgres);
    server.start();
    return server;
  }

  @Override
  protected Map<String, String> replacements() {
    return Map.of(
        "db.example.org:5432",
        "127.0.0.1:" + postgres.port(),
        "localhost:9990",
        "127.0.0.1:" + (MANAGEMENT + offset));
  }

  @Override
  protected Map<String, String> environment() {
    // Else the script does not pass signals on.
    return Map.of("LAUNCH_JBOSS_IN_BACKGROUND", "1");
  }

  @Override
  protected List<String> command() {
    return shell(
        "exec " + block("start").strip() + " -Djboss.socket.binding.port-offset=" + offset);
  }

  @Override
  protected boolean isReady() {
    return output().stream().anyMatch(line -> line.contains("WFLYSRV0025"));
  }

  @Override
  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + (HTTP + offset) + path);
  }
}
