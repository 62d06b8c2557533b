package org.promscale.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** WildFly with the driver and a data source. One thread at a time. */
public final class WildFlyServer extends ApplicationServer {

  private static final String PAGE = "wildfly";
  private static final int HTTP = 8_080;
  private static final int MANAGEMENT = 9_990;

  private final int offset = freeBase(1, HTTP, 8_443, MANAGEMENT);
  private final PostgresServer postgres;

  private WildFlyServer(PostgresServer postgres, Map<String, String> settings) {
    super("wildfly", PAGE, "wildfly", settings);
    this.postgres = postgres;
  }

  private WildFlyServer(
      PostgresServer postgres, Map<String, String> settings, UnaryOperator<String> script) {
    this(postgres, settings);
    try {
      Files.writeString(directory().resolve("promscale.cli"), script.apply(block("promscale.cli")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    operate("prepare");
  }

  /** Makes and starts a server whose data source leads to a database. */
  public static WildFlyServer start(PostgresServer postgres) {
    return start(postgres, SETTINGS);
  }

  /** Makes and starts a server with other settings of the connector. */
  public static WildFlyServer start(PostgresServer postgres, Map<String, String> settings) {
    return start(new WildFlyServer(postgres, settings, script -> script));
  }

  /** Makes and starts a server where the driver is deployed like an application. */
  public static WildFlyServer startWithDeployedDriver(PostgresServer postgres) {
    String deploy = OperatorGuide.page(PAGE).block("deployed-driver.cli");
    return start(
        new WildFlyServer(
            postgres,
            SETTINGS,
            script ->
                withoutDriver(script)
                    .replaceAll("(?m)^embed-server.*\n", "$0" + deploy)
                    .replace("--driver-name=postgresql ", "--driver-name=postgresql.jar ")));
  }

  /** Makes and starts a server whose data source has no driver. */
  public static WildFlyServer startWithoutDriver(PostgresServer postgres) {
    return start(new WildFlyServer(postgres, SETTINGS, WildFlyServer::withoutDriver));
  }

  /** Starts a server as it was unpacked, with a user of the admin console. */
  public static WildFlyServer startUnprepared(PostgresServer postgres) {
    WildFlyServer server = new WildFlyServer(postgres, SETTINGS);
    server.operate("user");
    return start(server);
  }

  private static String withoutDriver(String script) {
    return script.replaceAll("(?m)^(module add|/subsystem=datasources/jdbc-driver).*\n", "");
  }

  /** Makes and starts a server without a data source. */
  public static WildFlyServer startWithoutDataSource(PostgresServer postgres) {
    return start(
        new WildFlyServer(
            postgres,
            SETTINGS,
            script -> script.replaceAll("(?s)data-source add.*?(?=\n/subsystem)", "")));
  }

  private static WildFlyServer start(WildFlyServer server) {
    server.start();
    return server;
  }

  /** Lets the server refuse requests and tasks. */
  public void suspend() {
    operate("suspend");
  }

  /** Lets the server go on. */
  public void resume() {
    operate("resume");
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
  protected String settingsCommand() {
    return "jboss-cli.sh --connect --controller=127.0.0.1:"
        + (MANAGEMENT + offset)
        + " --commands='/subsystem=datasources/data-source=promscale:read-resource,"
        + "/subsystem=undertow/server=default-server/http-listener=default"
        + ":read-attribute(name=max-post-size),"
        + "/subsystem=logging/logger=org.jboss.jca.core.connectionmanager.pool.strategy"
        + ":read-resource'";
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
  protected List<String> secondFiles() {
    return List.of("second.xml", "second.properties", "second.cli");
  }

  @Override
  protected String securitySteps() {
    return "wildfly";
  }

  @Override
  public long copiesAfter(int redeployments) {
    // One more: the driver has one timer for all connections, started by the first statement with a
    // time limit, and a thread keeps the protection domains of whoever started it. It ends with the
    // pool's last connection that has used it.
    return 2;
  }

  @Override
  protected boolean isReady() {
    return output().stream().anyMatch(line -> line.matches(".*WFLYSRV002[56].*"));
  }

  @Override
  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + (HTTP + offset) + path);
  }
}
