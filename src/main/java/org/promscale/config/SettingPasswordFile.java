package org.promscale.config;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** The file of users with passwords: {@code name:password}, one a line. Stateless. */
public final class SettingPasswordFile {

  /** A shorter password can be guessed. */
  static final int SHORTEST = 8;

  private static final Pattern NAME = Pattern.compile("[^\\s:]+");

  private SettingPasswordFile() {}

  /**
   * Reads a file.
   *
   * @return what a client of basic authentication sends for each user, to the user's name; at least
   *     one
   * @throws IllegalArgumentException with words that follow the name of the file and a colon; they
   *     never hold a password
   */
  public static Map<String, String> read(Path file) {
    return parse(SettingTokenFile.lines(file));
  }

  private static Map<String, String> parse(List<String> lines) {
    Map<String, String> users = new LinkedHashMap<>();
    Set<String> names = new HashSet<>();
    int number = 0;
    for (String line : lines) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      int colon = line.indexOf(':');
      String name = colon < 0 ? "" : line.substring(0, colon);
      if (!NAME.matcher(name).matches()) {
        throw new IllegalArgumentException("line " + number + " is not name:password");
      }
      if (line.length() - colon - 1 < SHORTEST) {
        throw new IllegalArgumentException(
            "the password of line " + number + " has fewer than " + SHORTEST + " characters");
      }
      if (!names.add(name)) {
        throw new IllegalArgumentException("line " + number + " names " + name + " again");
      }
      users.put(Base64.getEncoder().encodeToString(line.getBytes(StandardCharsets.UTF_8)), name);
    }
    if (users.isEmpty()) {
      throw new IllegalArgumentException("it holds no user");
    }
    return users;
  }
}
