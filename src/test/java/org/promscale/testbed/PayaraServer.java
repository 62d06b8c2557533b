package org.promscale.testbed;

import java.net.URI;
import java.util.List;
import java.util.Map;

/** Payara Server with a domain, a pool and a resource of its own. One thread at a time. */
public final class PayaraServer extends ApplicationServer {

  private static final int ADMIN = 48;
  private static final int HTTP = 80;

  private final int base = freeBase(100, 9, 37, 38, 39, ADMIN, 49, 59, 66, 76, HTTP, 81, 86);
  private final PostgresServer postgres;

  private PayaraServer(PostgresServer postgres, Map<String, String> settings) {
    super("payara", "payara", "payara6", settings);
    this.postgres = postgres;
    operate("prepare");
  }

  /** Makes and starts a server whose data source leads to a database. */
  public static PayaraServer start(PostgresServer postgres) {
    return start(postgres, SETTINGS);
  }

  /** Makes and starts a server with other settings of the connector. */
  public static PayaraServer start(PostgresServer postgres, Map<String, String> settings) {
    PayaraServer server = new PayaraServer(postgres, settings);
    server.start();
    server.configure();
    return server;
  }

  /** Makes and starts a server without a data source. */
  public static PayaraServer startWithoutDataSource(PostgresServer postgres) {
    PayaraServer server = new PayaraServer(postgres, SETTINGS);
    server.start();
    return server;
  }

  /** Makes the data source. */
  public void configure() {
    operate("configure");
  }

  @Override
  protected Map<String, String> replacements() {
    return Map.of(
        "`db.example.org`",
        "`127.0.0.1`",
        "`5432`",
        "`" + postgres.port() + "`",
        "localhost:8048",
        "127.0.0.1:" + (base + ADMIN),
        "serverName=db.example.org:portNumber=5432",
        "serverName=127.0.0.1:portNumber=" + postgres.port(),
        "/opt/payara6",
        home().toString(),
        "--portbase 8000",
        "--portbase " + base,
        "--port 8048",
        "--port " + (base + ADMIN));
  }

  @Override
  protected String settingsCommand() {
    // In any order: properties come in that of their making.
    return "asadmin --port "
        + (base + ADMIN)
        + " get 'resources.jdbc-connection-pool.promscale.*'"
        + " 'resources.jdbc-resource.jdbc/promscale.*' | sort";
  }

  @Override
  protected Map<String, String> environment() {
    // Else the tool leaves a directory in the home of whoever runs the tests.
    return Map.of("AS_EXTRA_JAVA_OPTS", "-Duser.home=" + directory());
  }

  @Override
  protected List<String> command() {
    // In the foreground, so that the server ends with the test.
    return shell("exec " + block("start").replace("start-domain", "start-domain --verbose"));
  }

  @Override
  protected List<String> secondFiles() {
    return List.of("glassfish-second.xml");
  }

  @Override
  protected String securitySteps() {
    return "payara";
  }

  @Override
  public long copiesAfter(int redeployments) {
    // All of them: see "Redeployment" in the guide.
    return redeployments + 1L;
  }

  @Override
  protected boolean isReady() {
    return output().stream().anyMatch(line -> line.contains("startup time : "));
  }

  @Override
  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + (base + HTTP) + path);
  }
}
