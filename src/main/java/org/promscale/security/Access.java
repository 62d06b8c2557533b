package org.promscale.security;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Who may send requests. Without a file of users everybody may, and the server's own security, if
 * there is any, says who it is. Immutable; thread-safe.
 *
 * @param users the files of users, one for each scheme
 * @param open paths that everybody may ask for, beside those of probes
 */
public record Access(List<UserFile> users, List<Pattern> open) {

  /** What Kubernetes and load balancers ask, which have no password. */
  private static final List<String> PROBES = List.of("/-/healthy", "/-/ready", "/healthz");

  /** Name of the request attribute that holds the name of the user. */
  public static final String USER = "org.promscale.user";

  /** What becomes of a request. */
  public enum Ruling {
    /** It is let in. */
    LET_IN,
    /** Its sender is not known. */
    UNKNOWN,
    /** A file of users cannot be read, so nobody can tell: no fault of the sender's. */
    UNREADABLE
  }

  /** Copies the lists. */
  public Access {
    users = List.copyOf(users);
    open = List.copyOf(open);
  }

  /**
   * Reads patterns of paths, separated by commas: {@code *} stands for any text without a slash,
   * {@code **} for any text.
   *
   * @throws IllegalArgumentException with words that follow the setting and a colon
   */
  public static List<Pattern> patterns(String text) {
    if (text.isEmpty()) {
      return List.of();
    }
    return List.of(text.split(",", -1)).stream().map(String::strip).map(Access::pattern).toList();
  }

  private static Pattern pattern(String glob) {
    if (!glob.startsWith("/")) {
      throw new IllegalArgumentException("it takes paths that begin with /, separated by commas");
    }
    String regex =
        Pattern.compile("\\*\\*|\\*|[^*]+")
            .matcher(glob)
            .results()
            .map(part -> part.group())
            .map(
                part -> part.equals("**") ? ".*" : part.equals("*") ? "[^/]*" : Pattern.quote(part))
            .collect(Collectors.joining());
    return Pattern.compile(regex);
  }

  /**
   * Returns the name of the user whose token or password a request presents.
   *
   * @param authorization value of its header {@code Authorization}, null without one
   */
  public Optional<String> user(@Nullable String authorization) {
    return users.stream().flatMap(file -> file.user(authorization).stream()).findFirst();
  }

  /**
   * Decides about a request.
   *
   * @param path decoded, without the context's
   * @param known whether somebody was recognised
   */
  public Ruling rule(String path, boolean known) {
    if (users.isEmpty() || known || isOpen(path)) {
      return Ruling.LET_IN;
    }
    return users.stream().allMatch(UserFile::isReadable) ? Ruling.UNKNOWN : Ruling.UNREADABLE;
  }

  private boolean isOpen(String path) {
    return PROBES.contains(path)
        || (!path.contains("..") && open.stream().anyMatch(p -> p.matcher(path).matches()));
  }

  /** Returns how users may say who they are, for the header {@code WWW-Authenticate}. */
  public List<String> challenges() {
    return users.stream().map(UserFile::challenge).toList();
  }
}
