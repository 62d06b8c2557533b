package org.promscale.config;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The file of bearer tokens: one a line, on request after a name and a space. The name is how its
 * holder stands in records; a token without one is called {@value #UNNAMED}. Blank lines do not
 * count. Stateless.
 */
public final class SettingTokenFile {

  /** Name of whoever has a token without a name. */
  public static final String UNNAMED = "bearer";

  /** A shorter token can be guessed. */
  static final int SHORTEST = 16;

  private static final long MOST_BYTES = 1 << 20;
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/-]+=*");
  private static final Pattern BLANKS = Pattern.compile("\\s+");

  private SettingTokenFile() {}

  /**
   * Reads a file.
   *
   * @return tokens to names, at least one
   * @throws IllegalArgumentException with words that follow the name of the file and a colon; they
   *     never hold a token
   */
  public static Map<String, String> read(Path file) {
    return parse(lines(file));
  }

  /** Returns the lines of a file of secrets; throws like {@link #read}. */
  static List<String> lines(Path file) {
    try {
      if (Files.isDirectory(file) || Files.size(file) > MOST_BYTES) {
        throw new IllegalArgumentException("this is no file of secrets, one a line");
      }
      return Files.readAllLines(file);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException("there is no such file", e);
    } catch (AccessDeniedException e) {
      throw new IllegalArgumentException("it may not be read by this user", e);
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("it is no text", e);
    } catch (IOException e) {
      throw new IllegalArgumentException("it cannot be read: " + e.getMessage(), e);
    }
  }

  private static Map<String, String> parse(List<String> lines) {
    Map<String, String> tokens = new LinkedHashMap<>();
    int number = 0;
    for (String line : lines) {
      number++;
      String text = line.strip();
      if (text.isEmpty()) {
        continue;
      }
      String[] words = BLANKS.split(text, 3);
      String token = words[words.length - 1];
      if (words.length > 2 || !TOKEN.matcher(token).matches()) {
        throw new IllegalArgumentException(
            "line "
                + number
                + " is no token of A-Z, a-z, 0-9 and -._~+/ with or without one name in front");
      }
      if (token.length() < SHORTEST) {
        throw new IllegalArgumentException(
            "the token of line " + number + " has fewer than " + SHORTEST + " characters");
      }
      tokens.put(token, words.length == 2 ? words[0] : UNNAMED);
    }
    if (tokens.isEmpty()) {
      throw new IllegalArgumentException("it holds no token");
    }
    return tokens;
  }
}
