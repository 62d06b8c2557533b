package org.promscale.security;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Knows users by the secret they present, a token or a password. Their file is read again when it
 * has changed, so secrets are replaced without a restart; while it cannot be read nobody is known,
 * because a secret that was taken out must not work on. Thread-safe.
 */
public final class UserFile {

  private static final Logger LOG = System.getLogger(UserFile.class.getName());

  /** A file that was read so soon after its change may change again under the same time. */
  private static final long SETTLED_MS = 2_000;

  /** What tells two versions of a file apart; nulls where there is none. */
  private record Version(long modifiedMs, long bytes, @Nullable Object key) {
    private static final Version NONE = new Version(0, -1, null);
  }

  private record Reading(
      Version version, boolean settled, boolean readable, Map<Digest, String> users) {}

  /** How a secret is presented. */
  public enum Scheme {
    /** A token. */
    BEARER("Bearer "),
    /** Name and password, encoded together as base64. */
    BASIC("Basic ");

    private final String prefix;

    Scheme(String prefix) {
      this.prefix = prefix;
    }
  }

  /** The hash of a secret: of one length, whatever the secret's. */
  @SuppressWarnings("ArrayRecordComponent") // compared in constant time, never by equals
  private record Digest(byte[] hash) {}

  private final Scheme scheme;
  private final Path file;
  private final Function<Path, Map<String, String>> reader;
  private final InstantSource clock;
  private volatile Reading reading;

  /**
   * Reads the file.
   *
   * @param scheme how secrets are presented
   * @param reader makes what is presented, with the users' names, of the file; throws {@link
   *     IllegalArgumentException} with words that follow its name and a colon
   * @throws IllegalArgumentException with one sentence, if it cannot be read
   */
  public UserFile(
      Scheme scheme, Path file, Function<Path, Map<String, String>> reader, InstantSource clock) {
    this.scheme = scheme;
    this.file = file;
    this.reader = reader;
    this.clock = clock;
    this.reading = read(version());
  }

  /**
   * Returns the name of the user whose secret a request presents.
   *
   * @param authorization value of its header {@code Authorization}, null without one
   */
  public Optional<String> user(@Nullable String authorization) {
    if (authorization == null
        || !authorization.regionMatches(true, 0, scheme.prefix, 0, scheme.prefix.length())) {
      return Optional.empty();
    }
    byte[] presented = hash(authorization.substring(scheme.prefix.length()).strip());
    Optional<String> user = Optional.empty();
    // To the end, whoever it is: the time taken tells nothing about the secrets.
    for (Map.Entry<Digest, String> known : users().entrySet()) {
      if (MessageDigest.isEqual(known.getKey().hash(), presented)) {
        user = Optional.of(known.getValue());
      }
    }
    return user;
  }

  /** Tells whether the file can be read, so that who is not known is a stranger. */
  public boolean isReadable() {
    users();
    return reading.readable();
  }

  /** Returns how to present a secret, as the header {@code WWW-Authenticate} puts it. */
  String challenge() {
    return scheme.prefix + "realm=\"Promscale\"";
  }

  private Map<Digest, String> users() {
    Version now = version();
    Reading last = reading;
    if (last.settled() && last.version().equals(now)) {
      return last.users();
    }
    synchronized (this) {
      try {
        reading = read(now);
      } catch (IllegalArgumentException e) {
        if (reading.readable()) {
          LOG.log(Level.ERROR, "{0}; nobody is let in until that is mended", e.getMessage());
        }
        reading = new Reading(now, false, false, Map.of());
      }
      return reading.users();
    }
  }

  private Reading read(Version version) {
    Map<Digest, String> users = new LinkedHashMap<>();
    try {
      reader.apply(file).forEach((secret, name) -> users.put(new Digest(hash(secret)), name));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("cannot read users from " + file + ": " + e.getMessage());
    }
    boolean settled = clock.millis() - version.modifiedMs() > SETTLED_MS;
    return new Reading(version, settled, true, users);
  }

  private Version version() {
    try {
      BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
      return new Version(now.lastModifiedTime().toMillis(), now.size(), now.fileKey());
    } catch (IOException e) {
      return Version.NONE;
    }
  }

  private static byte[] hash(String secret) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
