package org.promscale.testbed;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A connector: the packaged jar (system property {@code promscale.jar}) in a JVM of its own on a
 * free port of the loopback address. One thread at a time.
 */
public final class ConnectorProcess extends ServerProcess {

  /**
   * Half the CPU of a start goes into compiling for a long life, which most connectors of the tests
   * do not have. Whoever measures speed starts them without this.
   */
  public static final List<String> SHORT_LIFE = List.of("-XX:TieredStopAtLevel=1");

  private Path jar;
  private final Path directory = Programs.temporaryDirectory("connector");
  private final int port = Programs.freePort();
  private final List<String> javaOptions;
  private final List<String> arguments;
  private List<ProcessHandle> descendants = List.of();

  private ConnectorProcess(List<String> javaOptions, List<String> arguments) {
    this(packagedJar(), javaOptions, arguments);
  }

  private ConnectorProcess(Path jar, List<String> javaOptions, List<String> arguments) {
    super("connector");
    this.jar = jar;
    this.javaOptions = List.copyOf(javaOptions);
    this.arguments = List.copyOf(arguments);
    if (!Files.exists(jar)) {
      throw new IllegalStateException(
          "The packaged jar is missing: make it with './mvnw package' (looked at "
              + jar.toAbsolutePath()
              + ")");
    }
  }

  /** Returns the jar that this build makes. */
  public static Path packagedJar() {
    return Path.of(System.getProperty("promscale.jar", "target/promscale.jar"));
  }

  /** Sets what runs from the next start on, on the same port with the same flags. */
  public void useJar(Path another) {
    jar = another;
  }

  /**
   * Starts a connector on a database and waits until it is ready.
   *
   * @param arguments further flags
   */
  public static ConnectorProcess start(
      PostgresServer postgres, String database, String... arguments) {
    return startWith(SHORT_LIFE, onDatabase(postgres, database, arguments));
  }

  /**
   * Starts a connector and waits until it is ready.
   *
   * @param javaOptions options of its JVM
   * @param arguments its flags, except for the listen address
   */
  public static ConnectorProcess startWith(List<String> javaOptions, List<String> arguments) {
    ConnectorProcess connector = new ConnectorProcess(javaOptions, arguments);
    connector.start();
    return connector;
  }

  /** Starts a connector that will not be ready, and waits until it answers. */
  public static ConnectorProcess startInTrouble(List<String> arguments) {
    ConnectorProcess connector = new ConnectorProcess(List.of(), arguments);
    connector.launch();
    Await.until(
        "the connector answers",
        connector.startLimit(),
        () -> HttpProbe.isOk(connector.uri("/-/healthy")));
    return connector;
  }

  /** Starts several connectors on one database at once, and waits until all are ready. */
  public static List<ConnectorProcess> startSeveral(
      int number, PostgresServer postgres, String database, String... arguments) {
    return startSeveral(packagedJar(), SHORT_LIFE, number, postgres, database, arguments);
  }

  /**
   * Like {@link #startSeveral(int, PostgresServer, String, String...)}, with a jar and JVM options.
   */
  public static List<ConnectorProcess> startSeveral(
      Path jar,
      List<String> javaOptions,
      int number,
      PostgresServer postgres,
      String database,
      String... arguments) {
    List<ConnectorProcess> connectors = new ArrayList<>();
    try {
      for (int i = 0; i < number; i++) {
        ConnectorProcess connector =
            new ConnectorProcess(jar, javaOptions, onDatabase(postgres, database, arguments));
        connectors.add(connector);
        connector.launch();
      }
      connectors.forEach(ConnectorProcess::awaitReady);
      return connectors;
    } catch (RuntimeException e) {
      connectors.forEach(ConnectorProcess::close);
      throw e;
    }
  }

  /** Returns flags with the address of a database in front. */
  public static List<String> onDatabase(
      PostgresServer postgres, String database, String... arguments) {
    List<String> all = new ArrayList<>(List.of("-db.uri", postgres.uri(database)));
    all.addAll(List.of(arguments));
    return all;
  }

  @Override
  protected List<String> command() {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // What a killed JVM leaves behind goes away with the directory.
    line.add("-Djava.io.tmpdir=" + directory);
    line.addAll(ClassArchives.options(jar));
    line.addAll(javaOptions);
    line.addAll(List.of("-jar", jar.toAbsolutePath().toString()));
    line.addAll(List.of("-web.listen-address", "127.0.0.1:" + port));
    line.addAll(arguments);
    return line;
  }

  @Override
  protected Duration startLimit() {
    return Duration.ofMinutes(4);
  }

  @Override
  protected boolean isReady() throws Exception {
    return HttpProbe.isOk(uri("/-/ready"));
  }

  @Override
  public void awaitReady() {
    super.awaitReady();
    // An embedded PostgreSQL outlives a killed connector.
    descendants = processes().flatMap(ProcessHandle::descendants).toList();
  }

  /** Returns an address of this connector, for instance of {@code /api/v1/write}. */
  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  /** Returns the address that senders write to. */
  public URI writeUri() {
    return uri("/api/v1/write");
  }

  /** Returns the port on the loopback address. */
  public int port() {
    return port;
  }

  /** Returns the directory for what belongs to this connector only; deleted at the end. */
  public Path directory() {
    return directory;
  }

  @Override
  public void close() {
    super.close();
    signal("KILL", descendants.stream().filter(ProcessHandle::isAlive));
    Await.until(
        "the connector's children are gone",
        Duration.ofSeconds(20),
        () -> descendants.stream().noneMatch(ProcessHandle::isAlive));
    Programs.delete(directory);
  }

  /** Returns the living children of the connector, for instance its embedded PostgreSQL. */
  public Stream<ProcessHandle> children() {
    return descendants.stream().filter(ProcessHandle::isAlive);
  }
}
