package org.promscale.launcher;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.promscale.config.Setting;
import org.promscale.config.Settings;

/** Finds the database the operator named, if any. */
final class ExternalDatabase {

  /** What {@code -db.uri} says already, and what has no meaning without a server. */
  private static final List<Setting> PARTS =
      List.of(Settings.DB_PORT, Settings.DB_NAME, Settings.DB_USER, Settings.DB_SSL_MODE);

  private static final int BESIDE_WRITERS = 8;

  private ExternalDatabase() {}

  /**
   * Reads the address from {@code -db.uri}, or from {@code -db.host} and its companions.
   *
   * @return empty where neither is given: the embedded database is wanted
   * @throws LaunchFailure when settings contradict each other or cannot be read
   */
  static Optional<DatabaseAddress> from(Options options) throws LaunchFailure {
    refuseTogether(options, Settings.DB_URI, Settings.DB_HOST);
    refuseTogether(options, Settings.DB_PASSWORD, Settings.DB_PASSWORD_FILE);
    for (Setting part : PARTS) {
      refuseTogether(options, Settings.DB_URI, part);
    }
    for (Setting embedded : List.of(Settings.EMBEDDED_DATA_DIR, Settings.EMBEDDED_PORT)) {
      refuseTogether(options, Settings.DB_URI, embedded);
      refuseTogether(options, Settings.DB_HOST, embedded);
    }
    refuseSmallPool(options);
    if (options.has(Settings.DB_URI)) {
      DatabaseAddress address = DatabaseUri.parse(options.text(Settings.DB_URI));
      String password = password(options);
      if (password.isEmpty()) {
        return Optional.of(address);
      }
      if (!address.password().isEmpty()) {
        throw LaunchFailure.usage(
            "two passwords: one in "
                + options.nameOf(Settings.DB_URI)
                + ", one in "
                + passwordSource(options));
      }
      return Optional.of(
          new DatabaseAddress(
              address.hosts(), address.name(), address.user(), password, address.parameters()));
    }
    if (options.has(Settings.DB_HOST)) {
      return Optional.of(fromParts(options));
    }
    for (Setting part : PARTS) {
      refuseWithoutServer(options, part);
    }
    refuseWithoutServer(options, Settings.DB_PASSWORD);
    refuseWithoutServer(options, Settings.DB_PASSWORD_FILE);
    return Optional.empty();
  }

  private static DatabaseAddress fromParts(Options options) throws LaunchFailure {
    String host = options.text(Settings.DB_HOST).trim();
    if (host.matches(".*[\\s/@?#].*")) {
      throw LaunchFailure.usage(
          options.nameOf(Settings.DB_HOST) + ": '" + host + "' is not a host name");
    }
    String port = options.text(Settings.DB_PORT);
    if (!Ports.isPort(port)) {
      throw LaunchFailure.usage(
          options.nameOf(Settings.DB_PORT) + ": " + port + " is not 1 to 65535");
    }
    boolean bareIpv6 = host.indexOf(':') != host.lastIndexOf(':') && !host.startsWith("[");
    String sslMode = options.text(Settings.DB_SSL_MODE);
    if (!ConnectionParameters.SSL_MODES.contains(sslMode)) {
      throw LaunchFailure.usage(
          options.nameOf(Settings.DB_SSL_MODE)
              + ": '"
              + sslMode
              + "' is not one of "
              + String.join(", ", ConnectionParameters.SSL_MODES));
    }
    return new DatabaseAddress(
        List.of((bareIpv6 ? "[" + host + "]" : host) + ":" + port),
        options.text(Settings.DB_NAME),
        options.text(Settings.DB_USER),
        password(options),
        Map.of(ConnectionParameters.SSL_MODE, sslMode));
  }

  private static String password(Options options) throws LaunchFailure {
    if (!options.has(Settings.DB_PASSWORD_FILE)) {
      return options.text(Settings.DB_PASSWORD);
    }
    Path file = Path.of(options.text(Settings.DB_PASSWORD_FILE));
    String name = options.nameOf(Settings.DB_PASSWORD_FILE);
    try {
      return Files.readString(file).lines().findFirst().orElse("");
    } catch (NoSuchFileException e) {
      throw LaunchFailure.environment(name + ": no file " + file);
    } catch (MalformedInputException e) {
      throw LaunchFailure.environment(name + ": " + file + " is not UTF-8 text");
    } catch (IOException e) {
      throw LaunchFailure.environment(name + ": cannot read " + file + ": " + e.getMessage());
    }
  }

  private static String passwordSource(Options options) {
    return options.nameOf(
        options.has(Settings.DB_PASSWORD) ? Settings.DB_PASSWORD : Settings.DB_PASSWORD_FILE);
  }

  private static void refuseTogether(Options options, Setting one, Setting other)
      throws LaunchFailure {
    if (options.has(one) && options.has(other)) {
      throw LaunchFailure.usage(
          options.nameOf(one) + " and " + options.nameOf(other) + " contradict: give only one");
    }
  }

  /** Beside the writers that store: two that fill, looks, elections, views, partitions, health. */
  private static void refuseSmallPool(Options options) throws LaunchFailure {
    int least = options.number(Settings.DB_NUM_WRITERS) + BESIDE_WRITERS;
    if (options.number(Settings.DB_CONNECTIONS_MAX) < least) {
      throw LaunchFailure.usage(
          options.nameOf(Settings.DB_CONNECTIONS_MAX)
              + " must be "
              + least
              + " or more for "
              + options.text(Settings.DB_NUM_WRITERS)
              + " writers ("
              + options.nameOf(Settings.DB_NUM_WRITERS)
              + ")");
    }
  }

  private static void refuseWithoutServer(Options options, Setting part) throws LaunchFailure {
    if (options.has(part)) {
      throw LaunchFailure.usage(
          options.nameOf(part)
              + " has no meaning for the embedded database: add -db.host or -db.uri, or remove it");
    }
  }
}
