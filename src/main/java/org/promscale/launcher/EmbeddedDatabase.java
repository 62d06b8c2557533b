package org.promscale.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.promscale.config.Settings;

/**
 * A PostgreSQL server of the launcher's own. It survives a kill of the launcher, and the next one
 * takes it over. Safe for several threads: a stop waits for a start under way.
 */
final class EmbeddedDatabase implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(EmbeddedDatabase.class.getName());
  private static final Duration START = Duration.ofMinutes(2);
  private static final Duration OTHERS_END = Duration.ofMinutes(1);
  private static final long LOG_LIMIT = 16L << 20;

  private final DataDirectory directory;
  private final PostgresBinaries binaries;
  private final Login login;
  private @Nullable PgCtl control;
  private @Nullable CompletableFuture<?> revival;
  private boolean stopped;

  private EmbeddedDatabase(DataDirectory directory, PostgresBinaries binaries, Login login) {
    this.directory = directory;
    this.binaries = binaries;
    this.login = login;
  }

  /**
   * Locks the directory and checks all that can be checked without starting anything: quick.
   *
   * @param path the directory, made where it is missing
   * @param wantedPort the port, 0 for the one of before or any
   * @throws LaunchFailure with the one line the operator needs
   */
  static EmbeddedDatabase open(Path path, int wantedPort) throws LaunchFailure {
    PostgresBinaries.requireForThisMachine();
    DataDirectory directory = DataDirectory.open(path);
    try {
      PostgresBinaries binaries = PostgresBinaries.in(directory.root());
      directory.check(binaries.major());
      Login login = directory.login(wantedPort);
      if (Postmaster.of(directory.data()).isEmpty() && !Ports.isFree(login.port())) {
        throw LaunchFailure.environment(
            "port "
                + login.port()
                + " of the embedded PostgreSQL is taken by another program: free it, or set -"
                + Settings.EMBEDDED_PORT.key());
      }
      return new EmbeddedDatabase(directory, binaries, login);
    } catch (LaunchFailure e) {
      directory.close();
      throw e;
    }
  }

  /** Returns where and how to log in; valid before the start, too. */
  Login login() {
    return login;
  }

  /** Returns the server's version, for instance {@code 17.11}. */
  String version() {
    return binaries.version();
  }

  DataDirectory directory() {
    return directory;
  }

  /**
   * Starts the server, or takes over one that a killed launcher left behind. The first start makes
   * the database. Returns when the server accepts connections; does nothing after {@link #stop}.
   */
  synchronized void start() throws LaunchFailure {
    if (stopped) {
      return;
    }
    binaries.unpack();
    RunAs runAs = RunAs.find(binaries, directory.data());
    PgCtl pgCtl = new PgCtl(binaries, runAs, directory.data());
    control = pgCtl;
    Optional<Postmaster> running = Postmaster.of(directory.data());
    if (running.isPresent() && takeOver(running.get(), pgCtl)) {
      watch();
      return;
    }
    try {
      if (!directory.hasData()) {
        new NewDatabase(directory, binaries, runAs).create(login);
      }
      Postmaster.removeStalePidFile(directory.data());
      runAs.own(directory.data());
      prepareLog(runAs);
      launch(pgCtl);
      watch();
      binaries.removeOthers();
    } catch (IOException e) {
      throw DataDirectory.failure(
          "cannot start PostgreSQL in " + directory.root() + ": " + Directories.reason(e));
    }
  }

  /**
   * Stops the server in order. Nothing happens where it does not run. A server that is not done in
   * time finishes on its own.
   */
  synchronized void stop(Duration atMost) throws LaunchFailure {
    stopped = true;
    PgCtl pgCtl = control;
    if (pgCtl == null || Postmaster.of(directory.data()).isEmpty()) {
      return;
    }
    if (!pgCtl.stop(atMost).succeeded() && Postmaster.of(directory.data()).isPresent()) {
      throw LaunchFailure.environment("PostgreSQL is still stopping, see " + directory.log());
    }
  }

  /** Lets others have the directory; the server should be stopped. */
  @Override
  public void close() {
    directory.close();
  }

  /** Returns true when the running server can be used, false when it is gone. */
  private boolean takeOver(Postmaster found, PgCtl pgCtl) throws LaunchFailure {
    if (!found.isStopping() && found.port() == login.port()) {
      Poll.until(OTHERS_END, () -> current().map(Postmaster::isReady).orElse(true));
      if (current().map(Postmaster::isReady).orElse(false)) {
        return true;
      }
    } else if (!found.isStopping()) {
      // The operator wants another port than the one it listens on.
      pgCtl.stop(OTHERS_END);
    }
    if (!Poll.until(OTHERS_END, () -> !found.process().isAlive())) {
      throw DataDirectory.failure(
          "PostgreSQL, process "
              + found.process().pid()
              + ", is still "
              + found.status()
              + " in "
              + directory.root(),
          "wait for it");
    }
    return false;
  }

  /** Nobody else would start the server again after a crash or the kernel's out-of-memory kill. */
  private void watch() {
    current().ifPresent(server -> revival = server.process().onExit().thenRunAsync(this::revive));
  }

  private synchronized void revive() {
    if (stopped) {
      return;
    }
    LOG.warning("PostgreSQL has ended, starting it again; why: " + directory.log());
    try {
      start();
    } catch (LaunchFailure e) {
      LOG.severe(e.getMessage());
    }
  }

  private Optional<Postmaster> current() {
    return Postmaster.of(directory.data());
  }

  private void prepareLog(RunAs runAs) throws IOException {
    Path log = directory.log();
    if (Files.exists(log) && Files.size(log) > LOG_LIMIT) {
      Files.move(
          log, log.resolveSibling(log.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
    }
    if (!Files.exists(log)) {
      Files.createFile(
          log, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    runAs.own(log);
  }

  private void launch(PgCtl pgCtl) throws LaunchFailure, IOException {
    long logged = Files.size(directory.log());
    Subprocess.Result result = pgCtl.start(login.port(), directory.log(), START);
    if (!result.succeeded()) {
      throw DataDirectory.failure(
          "PostgreSQL does not start in "
              + directory.root()
              + " ("
              + reason(logged).orElse(result.line())
              + ")",
          "see " + directory.log());
    }
  }

  /** Returns why the server gave up, from what it logged since. */
  private Optional<String> reason(long since) throws IOException {
    byte[] log = Files.readAllBytes(directory.log());
    String fresh = new String(log, (int) since, log.length - (int) since, UTF_8);
    List<String> fatal =
        fresh.lines().filter(line -> line.contains("FATAL: ") || line.contains("PANIC: ")).toList();
    return fatal.stream().findFirst().map(line -> line.replaceFirst(".*(FATAL|PANIC): +", ""));
  }
}
