package org.promscale.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.promscale.config.Settings;

/**
 * A PostgreSQL server of the launcher's own. It runs in its own session, so a Ctrl-C in the
 * terminal does not stop it before the web application; it survives a kill of the launcher, and the
 * next one takes it over. One thread at a time, except that {@link #stop} may come at any time.
 */
final class EmbeddedDatabase implements AutoCloseable {
  private static final Duration INITDB = Duration.ofMinutes(2);
  private static final Duration START = Duration.ofMinutes(2);
  private static final Duration OTHERS_END = Duration.ofMinutes(1);
  private static final long LOG_LIMIT = 16L << 20;

  /** Written into postgresql.conf once: an operator may change them there. */
  private static final List<String> CONFIGURATION =
      List.of(
          "listen_addresses=127.0.0.1",
          "unix_socket_directories=",
          "password_encryption=scram-sha-256",
          "max_connections=100",
          "shared_buffers=256MB",
          "maintenance_work_mem=128MB",
          "max_wal_size=4GB",
          "min_wal_size=512MB",
          "wal_compression=on",
          "checkpoint_timeout=15min",
          "log_checkpoints=off",
          "timezone=UTC",
          "log_timezone=UTC");

  private final DataDirectory directory;
  private final PostgresBinaries binaries;
  private final Login login;
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
    DataDirectory directory = DataDirectory.open(path);
    boolean opened = false;
    try {
      PostgresBinaries binaries = PostgresBinaries.in(directory.root());
      directory.check(binaries.major());
      Login login = directory.login(wantedPort);
      if (Postmaster.of(directory.data()).isEmpty() && !Ports.isFree(login.port())) {
        throw LaunchFailure.environment(
            "port "
                + login.port()
                + " of the embedded PostgreSQL is taken by another program: set another -"
                + Settings.EMBEDDED_PORT.key());
      }
      opened = true;
      return new EmbeddedDatabase(directory, binaries, login);
    } finally {
      if (!opened) {
        closeQuietly(directory);
      }
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
   * the database. Returns when the server accepts connections.
   */
  synchronized void start() throws LaunchFailure {
    if (stopped) {
      return;
    }
    binaries.unpack();
    Optional<Postmaster> running = Postmaster.of(directory.data());
    RunAs runAs = RunAs.find(binaries, directory.data());
    if (running.isPresent() && takeOver(running.get(), runAs)) {
      return;
    }
    try {
      if (!directory.hasData()) {
        create(runAs);
      }
      Postmaster.removeStalePidFile(directory.data());
      runAs.own(directory.data());
      prepareLog(runAs);
      launch(runAs);
      binaries.removeOthers();
    } catch (IOException e) {
      throw DataDirectory.failure(
          "cannot start PostgreSQL in " + directory.root() + ": " + Directories.reason(e));
    }
  }

  /**
   * Stops the server in order: open transactions are rolled back, data is flushed. Nothing happens
   * where it does not run. A server that is not done in time finishes on its own.
   */
  synchronized void stop(Duration atMost) throws LaunchFailure {
    stopped = true;
    if (Postmaster.of(directory.data()).isEmpty()) {
      return;
    }
    RunAs runAs = RunAs.find(binaries, directory.data());
    long seconds = Math.max(1, atMost.toSeconds());
    Subprocess.Result result =
        Subprocess.run(
            atMost.plusSeconds(1),
            runAs.command(
                List.of(
                    binaries.program("pg_ctl"),
                    "-D",
                    directory.data().toString(),
                    "-m",
                    "fast",
                    "-w",
                    "-t",
                    Long.toString(seconds),
                    "stop")),
            "");
    if (!result.succeeded() && Postmaster.of(directory.data()).isPresent()) {
      throw LaunchFailure.environment("PostgreSQL is still stopping, see " + directory.log());
    }
  }

  /** Gives the directory free; the server should be stopped. */
  @Override
  public void close() {
    closeQuietly(directory);
  }

  /** Returns true when the running server can be used, false when it is gone. */
  private boolean takeOver(Postmaster found, RunAs runAs) throws LaunchFailure {
    if (!found.isStopping() && found.port() == login.port()) {
      boolean ready =
          Poll.until(
              OTHERS_END,
              () -> Postmaster.of(directory.data()).map(Postmaster::isReady).orElse(true));
      if (ready && Postmaster.of(directory.data()).isPresent()) {
        return true;
      }
    } else if (!found.isStopping()) {
      // The operator wants another port than the one it listens on.
      pgCtl(runAs, "stop", List.of("-m", "fast"));
    }
    if (!Poll.until(OTHERS_END, () -> !found.process().isAlive())) {
      throw DataDirectory.failure(
          "PostgreSQL (process "
              + found.process().pid()
              + ") is still "
              + found.status()
              + " in "
              + directory.root()
              + ": wait for it");
    }
    return false;
  }

  private void create(RunAs runAs) throws IOException, LaunchFailure {
    Path fresh = directory.unfinished();
    Directories.delete(fresh);
    Path password = directory.root().resolve("password.unfinished");
    try {
      Files.createDirectory(
          fresh,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      runAs.own(fresh);
      Files.deleteIfExists(password);
      Files.createFile(
          password,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(password, login.password() + "\n", UTF_8);
      runAs.own(password);
      List<String> command = new ArrayList<>();
      command.add(binaries.program("initdb"));
      command.addAll(List.of("-D", fresh.toString(), "-U", Login.USER, "-A", "scram-sha-256"));
      command.addAll(List.of("-E", "UTF8", "--locale=C", "--pwfile=" + password));
      CONFIGURATION.forEach(line -> command.addAll(List.of("--set", line)));
      expect(Subprocess.run(INITDB, runAs.command(command), ""), "initdb");
      expect(
          Subprocess.run(
              INITDB,
              runAs.command(
                  List.of(
                      binaries.program("postgres"),
                      "--single",
                      "-D",
                      fresh.toString(),
                      "postgres")),
              "CREATE DATABASE " + Login.DATABASE + "\n"),
          "making the database");
      Files.move(fresh, directory.data(), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(password);
    }
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

  private void launch(RunAs runAs) throws LaunchFailure {
    Subprocess.Result result =
        pgCtl(
            runAs, "start", List.of("-l", directory.log().toString(), "-o", "-p " + login.port()));
    if (!result.succeeded()) {
      throw DataDirectory.failure(
          "PostgreSQL does not start in "
              + directory.root()
              + " ("
              + lastLogLine(result)
              + "): see "
              + directory.log());
    }
  }

  private Subprocess.Result pgCtl(RunAs runAs, String action, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.addAll(List.of(binaries.program("pg_ctl"), "-D", directory.data().toString()));
    command.addAll(List.of("-w", "-t", Long.toString(START.toSeconds())));
    command.addAll(arguments);
    command.add(action);
    return Subprocess.run(START.plusSeconds(5), runAs.command(command), "");
  }

  private String lastLogLine(Subprocess.Result result) {
    try {
      List<String> lines = Files.readAllLines(directory.log());
      for (int i = lines.size() - 1; i >= 0; i--) {
        if (lines.get(i).contains("FATAL") || lines.get(i).contains("PANIC")) {
          return lines.get(i).replaceFirst(".*(FATAL|PANIC): +", "").toLowerCase(Locale.ROOT);
        }
      }
    } catch (IOException e) {
      return result.line();
    }
    return result.line();
  }

  private void expect(Subprocess.Result result, String step) throws LaunchFailure {
    if (!result.succeeded()) {
      throw DataDirectory.failure(
          "cannot make the database in " + directory.root() + ", " + step + ": " + result.line());
    }
  }

  private static void closeQuietly(DataDirectory directory) {
    try {
      directory.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
