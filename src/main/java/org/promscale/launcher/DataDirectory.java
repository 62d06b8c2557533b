package org.promscale.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Properties;
import org.promscale.config.Settings;

/**
 * The directory of the embedded database: the lock that keeps a second launcher out, the server's
 * data, its port and its password. The lock is held until {@link #close}, or the process' end.
 */
final class DataDirectory implements AutoCloseable {
  private static final String FLAG = "-" + Settings.EMBEDDED_DATA_DIR.key();
  private static final String PORT = "port";
  private static final String PASSWORD = "password";
  private static final int PASSWORD_BYTES = 24;

  private final Path root;
  private final FileChannel lock;

  private DataDirectory(Path root, FileChannel lock) {
    this.root = root;
    this.lock = lock;
  }

  /**
   * Makes the directory where it is missing, and locks it.
   *
   * @throws LaunchFailure when another launcher has it, or the file system refuses
   */
  static DataDirectory open(Path path) throws LaunchFailure {
    Path root = path.toAbsolutePath().normalize();
    if (Files.exists(root) && !Files.isDirectory(root)) {
      throw failure(root + " is not a directory");
    }
    try {
      if (!Files.exists(root)) {
        Files.createDirectories(root);
        // Other users pass through but see nothing: as root, PostgreSQL runs as one of them.
        Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx--x--x"));
      }
      FileChannel channel =
          FileChannel.open(
              root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (!locked(channel)) {
        channel.close();
        throw failure("another instance runs on " + root, "stop it");
      }
      return new DataDirectory(root, channel);
    } catch (IOException e) {
      throw failure("cannot write to " + root + ": " + Directories.reason(e));
    }
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  /**
   * Checks that the data, if there is any, belongs to this version and is whole.
   *
   * @param major the bundled PostgreSQL's first number
   */
  void check(String major) throws LaunchFailure {
    if (!hasData()) {
      return;
    }
    Path version = data().resolve("PG_VERSION");
    try {
      String found = Files.readString(version).strip();
      if (!found.equals(major)) {
        throw failure(
            data()
                + " was written by PostgreSQL "
                + found
                + ", this jar brings PostgreSQL "
                + major,
            "dump and restore it");
      }
      Files.size(data().resolve("global").resolve("pg_control"));
      Files.size(propertiesFile());
    } catch (IOException e) {
      throw failure(
          "the database in " + root + " is damaged or not yours (" + Directories.reason(e) + ")",
          "restore it");
    }
  }

  /** Tells whether a database was made here before. */
  boolean hasData() {
    return Files.exists(data(), LinkOption.NOFOLLOW_LINKS);
  }

  /** Returns the server's data directory. */
  Path data() {
    return root.resolve("data");
  }

  /** Returns where a new database is made before it becomes {@link #data}. */
  Path unfinished() {
    return root.resolve("data.unfinished");
  }

  Path root() {
    return root;
  }

  /** Returns the server's log. */
  Path log() {
    return root.resolve("postgresql.log");
  }

  /** Returns the password file for psql. */
  Path passwordFile() {
    return root.resolve("pgpass");
  }

  /**
   * Returns port and password: those of before, or new ones.
   *
   * @param wantedPort the port the operator wants, 0 for any
   */
  Login login(int wantedPort) throws LaunchFailure {
    try {
      Properties properties = new Properties();
      if (Files.exists(propertiesFile())) {
        try (InputStream in = Files.newInputStream(propertiesFile())) {
          properties.load(in);
        }
      }
      String password = properties.getProperty(PASSWORD, "");
      String port = properties.getProperty(PORT, "");
      if (hasData() && (password.isEmpty() || !Ports.isPort(port))) {
        throw failure(propertiesFile() + " has no port or password", "restore it");
      }
      Login login =
          new Login(
              wantedPort != 0 ? wantedPort : port.isEmpty() ? Ports.free() : Integer.parseInt(port),
              password.isEmpty() ? randomPassword() : password);
      properties.setProperty(PORT, Integer.toString(login.port()));
      properties.setProperty(PASSWORD, login.password());
      write(propertiesFile(), out -> properties.store(out, "Embedded PostgreSQL"));
      String line = "127.0.0.1:" + login.port() + ":*:" + Login.USER + ":" + login.password();
      write(passwordFile(), out -> out.write((line + "\n").getBytes(UTF_8)));
      return login;
    } catch (IOException e) {
      throw failure("cannot write to " + root + ": " + Directories.reason(e));
    }
  }

  /** Lets others have the directory. */
  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A failure another directory would not have. */
  static LaunchFailure failure(String message) {
    return LaunchFailure.environment(message + ": set another " + FLAG);
  }

  /**
   * A failure another directory would not have.
   *
   * @param remedy what else the operator can do
   */
  static LaunchFailure failure(String message, String remedy) {
    return LaunchFailure.environment(message + ": " + remedy + ", or set another " + FLAG);
  }

  private Path propertiesFile() {
    return root.resolve("embedded.properties");
  }

  private interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  /** Replaces a file as a whole, readable for its owner only. */
  private static void write(Path file, Content content) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".unfinished");
    Files.deleteIfExists(fresh);
    Files.createFile(
        fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try (OutputStream out = Files.newOutputStream(fresh)) {
      content.writeTo(out);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static String randomPassword() {
    byte[] bytes = new byte[PASSWORD_BYTES];
    new SecureRandom().nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
