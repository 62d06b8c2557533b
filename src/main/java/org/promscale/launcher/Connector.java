package org.promscale.launcher;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.promscale.config.Setting;
import org.promscale.config.Settings;

/** Brings database and web application up together, and takes them down one after the other. */
final class Connector {
  private static final Logger LOG = Logger.getLogger(Connector.class.getName());
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration STOP = Duration.ofSeconds(10);

  private final Options options;
  private final ListenAddress listen;
  private final DatabaseAddress database;
  private final @Nullable EmbeddedDatabase embedded;
  private final @Nullable TlsFiles tls;
  private final String url;

  private Connector(
      Options options,
      ListenAddress listen,
      DatabaseAddress database,
      @Nullable EmbeddedDatabase embedded,
      @Nullable TlsFiles tls) {
    this.options = options;
    this.listen = listen;
    this.database = database;
    this.embedded = embedded;
    this.tls = tls;
    this.url = listen.localUrl(tls == null ? "http" : "https");
  }

  /**
   * Checks what can be checked quickly, and takes the lock of the embedded database's directory.
   *
   * @throws LaunchFailure with the one line the operator needs
   */
  static Connector prepare(Options options) throws LaunchFailure {
    // The server would switch IPv6 off.
    System.setProperty("java.net.preferIPv4Stack", "false");
    ListenAddress listen = ListenAddress.parse(options.text(Settings.LISTEN_ADDRESS));
    AdminAccess.check(options);
    TlsFiles tls = TlsFiles.from(options).orElse(null);
    DatabaseAddress external = ExternalDatabase.from(options).orElse(null);
    listen.requireFree();
    if (external != null) {
      return new Connector(options, listen, external, null, tls);
    }
    EmbeddedDatabase embedded =
        EmbeddedDatabase.open(
            Path.of(options.text(Settings.EMBEDDED_DATA_DIR)),
            options.number(Settings.EMBEDDED_PORT));
    return new Connector(options, listen, embedded.login().address(), embedded, tls);
  }

  /**
   * Starts everything, prints where it is, and returns.
   *
   * @param began {@link System#nanoTime} when the process began
   * @param out where the operator reads
   */
  void run(long began, PrintStream out) throws LaunchFailure {
    WorkDirectory work = WorkDirectory.in(Path.of(System.getProperty("java.io.tmpdir", "/tmp")));
    // Whatever the server or a library unpacks goes with our directory.
    System.setProperty("java.io.tmpdir", work.path().toString());
    PayaraServer server =
        new PayaraServer(
            listen,
            work.path(),
            logging(work.path()),
            new ConnectionPool(options.number(Settings.DB_CONNECTIONS_MAX)),
            tls);
    Shutdown shutdown = new Shutdown(server, embedded, work);
    Runtime.getRuntime().addShutdownHook(shutdown.hook());
    Signals.onTermination(shutdown::exit);
    options.forWebApplication(Settings.all()).forEach(System::setProperty);
    System.setProperty(Setting.JUDGED, "true");
    ConnectionPool.publish(database);
    startDatabase(work);
    try {
      server.start();
    } catch (LaunchFailure e) {
      abort(e, work);
    }
    LogKeeper.keep();
    awaitReady();
    long millis = (System.nanoTime() - began) / 1_000_000;
    out.print(
        embedded == null ? Banner.of(url, millis, database) : Banner.of(url, millis, embedded));
    out.flush();
    StartMemory.giveBack();
  }

  private Path logging(Path directory) throws LaunchFailure {
    try {
      return Logging.configure(options.text(Settings.LOG_LEVEL), directory);
    } catch (IOException e) {
      throw LaunchFailure.environment(
          "cannot write to " + directory + ": " + Directories.reason(e));
    }
  }

  /** Beside the server's boot: both take seconds, and the web application waits for a database. */
  private void startDatabase(WorkDirectory work) {
    EmbeddedDatabase starting = embedded;
    if (starting == null) {
      return;
    }
    Thread thread =
        new Thread(
            () -> {
              try {
                starting.start();
              } catch (LaunchFailure e) {
                abort(e, work);
              } catch (RuntimeException | Error e) {
                // Nobody else would tell; the web application would wait for a database for ever.
                LOG.log(Level.SEVERE, "starting the embedded PostgreSQL failed", e);
                abort(
                    LaunchFailure.environment("the embedded PostgreSQL does not start: " + e),
                    work);
              }
            },
            "promscale-database");
    thread.setDaemon(true);
    thread.start();
  }

  /** Leaves nothing behind that the next start would trip over. */
  private void abort(LaunchFailure failure, WorkDirectory work) {
    try {
      if (embedded != null) {
        embedded.stop(STOP);
      }
      work.close();
    } catch (LaunchFailure | IOException e) {
      failure.addSuppressed(e);
    }
    Main.fail(failure);
  }

  private void awaitReady() {
    Readiness readiness =
        new Readiness(url, tls == null ? null : new OwnCertificate(tls.chain().get(0)));
    if (readiness.await(PATIENCE)) {
      return;
    }
    LOG.log(
        Level.WARNING,
        "not ready after "
            + PATIENCE.toSeconds()
            + " s, still trying: "
            + url
            + "/-/ready answers "
            + readiness.lastAnswer());
    while (!readiness.await(PATIENCE)) {
      LOG.log(Level.INFO, "still not ready: " + readiness.lastAnswer());
    }
  }
}
