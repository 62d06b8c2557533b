package org.promscale.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Makes the data directory of the embedded database: whole or not at all. */
final class NewDatabase {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_DIRECTORY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  /** Goes into postgresql.conf, where an operator may change it later. */
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
  private final RunAs runAs;

  NewDatabase(DataDirectory directory, PostgresBinaries binaries, RunAs runAs) {
    this.directory = directory;
    this.binaries = binaries;
    this.runAs = runAs;
  }

  /** Makes it, with one role, its password, and one database; no server runs afterwards. */
  void create(Login login) throws IOException, LaunchFailure {
    Path fresh = directory.unfinished();
    Path password = directory.root().resolve("password.unfinished");
    Directories.delete(fresh);
    Files.deleteIfExists(password);
    try {
      Files.createDirectory(fresh, OWNER_DIRECTORY);
      runAs.own(fresh);
      Files.createFile(password, OWNER_FILE);
      Files.writeString(password, login.password() + "\n", UTF_8);
      runAs.own(password);
      run("initdb", initdb(fresh, password), "");
      run(
          "CREATE DATABASE",
          List.of(binaries.program("postgres"), "--single", "-D", fresh.toString(), "postgres"),
          "CREATE DATABASE " + Login.DATABASE + "\n");
      Files.move(fresh, directory.data(), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(password);
    }
  }

  private List<String> initdb(Path fresh, Path password) {
    List<String> command = new ArrayList<>();
    command.add(binaries.program("initdb"));
    command.addAll(List.of("-D", fresh.toString(), "-U", Login.USER));
    command.addAll(List.of("-A", "scram-sha-256", "--pwfile=" + password));
    command.addAll(List.of("-E", "UTF8", "--locale=C"));
    CONFIGURATION.forEach(line -> command.addAll(List.of("--set", line)));
    return command;
  }

  private void run(String step, List<String> command, String input) throws LaunchFailure {
    Subprocess.Result result = Subprocess.run(LIMIT, runAs.command(command), input);
    if (!result.succeeded()) {
      throw DataDirectory.failure(
          "cannot make the database in " + directory.root() + ", " + step + ": " + result.line());
    }
  }
}
