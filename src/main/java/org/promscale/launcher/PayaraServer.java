package org.promscale.launcher;

import fish.payara.micro.BootstrapException;
import fish.payara.micro.ClusterCommandResult;
import fish.payara.micro.PayaraMicro;
import fish.payara.micro.PayaraMicroRuntime;
import fish.payara.micro.boot.AdminCommandRunner;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Payara Micro in this process, with the web application at {@code /}. It ends itself in a shutdown
 * hook of its own; {@link #stop} may run beside that hook and still returns only when the server
 * has stopped.
 */
final class PayaraServer {
  private static final String HOOK = "Payara Micro Shutdown Hook";
  private static final String CONFIGURATION = "configs.config.server-config.";
  private static final String LISTENERS = "network-config.network-listeners.network-listener.";
  private static final String KEY_STORE = "javax.net.ssl.keyStore";
  private static final int HTTP_THREADS = 200;

  private static final Logger LOG = Logger.getLogger(PayaraServer.class.getName());

  private final ListenAddress address;
  private final Path directory;
  private final Path logSettings;
  private final ConnectionPool pool;
  private final @Nullable TlsFiles tls;
  private final String listener;
  private volatile @Nullable PayaraMicroRuntime runtime;
  private volatile @Nullable AdminCommandRunner administration;

  /**
   * Describes a server.
   *
   * @param directory an existing directory for what the server unpacks
   * @param logSettings a file for {@code java.util.logging}
   * @param tls what HTTPS is spoken with; null for HTTP
   */
  PayaraServer(
      ListenAddress address,
      Path directory,
      Path logSettings,
      ConnectionPool pool,
      @Nullable TlsFiles tls) {
    this.address = address;
    this.directory = directory;
    this.logSettings = logSettings;
    this.pool = pool;
    this.tls = tls;
    this.listener = LISTENERS + (tls == null ? "http-listener." : "https-listener.");
  }

  /** Boots the server and deploys the web application; takes ten seconds and more. */
  void start() throws LaunchFailure {
    try {
      loadBootProperties();
      publishKeys();
      PayaraMicro micro = ServerClasses.load(directory);
      // Without clustering alone: that setting would win, and let Hazelcast start.
      micro.setNoHazelcast(true);
      micro
          .setRootDir(directory.toFile())
          .setLogPropertiesFile(logSettings.toFile())
          .setMaxHttpThreads(HTTP_THREADS)
          .setPreBootHandler(this::configure);
      runtime = micro.bootStrap();
      listen(true);
    } catch (IOException | BootstrapException | RuntimeException e) {
      throw LaunchFailure.environment("the web application does not start: " + e);
    }
  }

  /**
   * Opens or closes the listener. Without the application the server answers 404, and a sender
   * drops for ever what is answered so: nobody listens before the deployment or during the
   * undeployment.
   */
  private void listen(boolean enabled) {
    AdminCommandRunner commands = administration;
    if (commands != null) {
      run(commands, List.of("set", CONFIGURATION + listener + "enabled=" + enabled));
    }
  }

  /** The server's own main method would do this; there is no other door to its settings. */
  private static void loadBootProperties() throws IOException {
    Properties properties = new Properties();
    try (InputStream in = Bundled.open("/MICRO-INF/payara-boot.properties")) {
      if (in != null) {
        properties.load(in);
      }
    }
    for (String name : properties.stringPropertyNames()) {
      if (System.getProperty(name) == null) {
        System.setProperty(name, properties.getProperty(name));
      }
    }
  }

  /** The server finds certificate and key where any Java does. */
  private void publishKeys() throws LaunchFailure {
    if (tls != null) {
      byte[] secret = new byte[24];
      new SecureRandom().nextBytes(secret);
      String password = HexFormat.of().formatHex(secret);
      Path store = directory.resolve("promscale.p12");
      tls.store(store, password);
      System.setProperty(KEY_STORE, store.toString());
      System.setProperty(KEY_STORE + "Password", password);
    }
  }

  private void configure(AdminCommandRunner commands) {
    administration = commands;
    run(commands, List.of("set", CONFIGURATION + LISTENERS + "http-listener.enabled=false"));
    listen(false);
    run(commands, List.of("set", CONFIGURATION + listener + "port=" + address.port()));
    run(commands, List.of("set", CONFIGURATION + "phone-home-runtime-configuration.enabled=false"));
    if (!address.host().isEmpty()) {
      run(commands, List.of("set", CONFIGURATION + listener + "address=" + address.host()));
    }
    pool.commands().forEach(command -> run(commands, command));
  }

  private static void run(AdminCommandRunner commands, List<String> command) {
    String[] arguments = command.subList(1, command.size()).toArray(String[]::new);
    ClusterCommandResult result = commands.run(command.get(0), arguments);
    if (result.getExitStatus() == ClusterCommandResult.ExitStatus.FAILURE) {
      throw new IllegalStateException(command.get(0) + ": " + result.getOutput());
    }
  }

  /**
   * Stops the server: no new requests, then the web application ends its work.
   *
   * @return false when the server was not done in time, or still in its start
   */
  boolean stop(Duration atMost) {
    PayaraMicroRuntime running = runtime;
    if (running == null) {
      return false;
    }
    Thread stopper = new Thread(() -> shutDown(running), "promscale-stop");
    stopper.start();
    try {
      stopper.join(atMost.toMillis());
      return !stopper.isAlive();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Stops the server, or waits until the server's own hook has done so. */
  private void shutDown(PayaraMicroRuntime running) {
    try {
      listen(false);
    } catch (IllegalStateException e) {
      // It has ended already, or ends without: what matters is the shutdown.
      LOG.log(Level.FINE, "the listener did not close first", e);
    }
    try {
      running.shutdown();
    } catch (BootstrapException | IllegalStateException e) {
      // The hook was faster. It is among the live threads unless it has ended already.
      for (Thread thread : Thread.getAllStackTraces().keySet()) {
        if (thread.getName().equals(HOOK)) {
          joinQuietly(thread);
        }
      }
    }
  }

  private static void joinQuietly(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
