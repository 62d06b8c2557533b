package org.promscale.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who is let in, also while the file of tokens changes. */
class UserFileTest {

  private static final Instant START = Instant.parse("2026-11-24T12:00:00Z");

  @TempDir Path directory;
  private Path file = Path.of("unset");
  private Instant now = START;
  private int readings;

  @BeforeEach
  void firstTokens() throws IOException {
    file = directory.resolve("tokens");
    write("alice=first", START.minusSeconds(60));
  }

  private UserFile tokens() {
    InstantSource clock = () -> now;
    return new UserFile(UserFile.Scheme.BEARER, file, this::read, clock);
  }

  /** One "name=token" a line. */
  private Map<String, String> read(Path path) {
    readings++;
    Map<String, String> tokens = new HashMap<>();
    try {
      for (String line : Files.readAllLines(path)) {
        int equals = line.indexOf('=');
        tokens.put(line.substring(equals + 1), line.substring(0, equals));
      }
    } catch (IOException e) {
      throw new IllegalArgumentException("there is no such file", e);
    }
    if (tokens.isEmpty()) {
      throw new IllegalArgumentException("it holds no token");
    }
    return tokens;
  }

  private void write(String text, Instant modified) {
    try {
      Files.writeString(file, text);
      Files.setLastModifiedTime(file, FileTime.from(modified));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      nullValues = "-",
      value = {
        "the token, Bearer first, alice",
        "scheme in small letters, bearer first, alice",
        "blanks around it, 'Bearer   first ', alice",
        "no header, -, -",
        "empty header, '', -",
        "another scheme, Basic first, -",
        "the bare token, first, -",
        "no token, 'Bearer ', -",
        "the start of the token, Bearer firs, -",
        "more than the token, Bearer first1, -",
        "capitals, Bearer FIRST, -",
        "the name, Bearer alice, -",
      })
  void knowsWhoPresentsAToken(String name, @Nullable String header, @Nullable String user) {
    assertThat(tokens().user(header).orElse(null)).isEqualTo(user);
  }

  @Test
  void aFileThatStaysIsReadOnce() {
    UserFile tokens = tokens();
    for (int i = 0; i < 10; i++) {
      assertThat(tokens.user("Bearer first")).contains("alice");
    }
    assertThat(readings).isEqualTo(1);
  }

  @Test
  void tokensAreReplacedWithoutARestart() {
    UserFile tokens = tokens();
    now = START.plusSeconds(600);
    write("alice=first\nbob=second", START.plusSeconds(590));
    assertThat(tokens.user("Bearer second")).contains("bob");
    assertThat(tokens.user("Bearer first")).contains("alice");
    write("bob=second", START.plusSeconds(595));
    assertThat(tokens.user("Bearer first")).as("taken out").isEmpty();
    assertThat(tokens.user("Bearer second")).contains("bob");
  }

  /** The clock of a file system is coarse: two versions may have the same time and size. */
  @Test
  void aFileThatHasJustChangedIsReadAgain() {
    write("alice=first", START.minusMillis(10));
    UserFile tokens = tokens();
    write("alice=other", START.minusMillis(10));
    assertThat(tokens.user("Bearer first")).isEmpty();
    assertThat(tokens.user("Bearer other")).contains("alice");
    now = START.plusSeconds(10);
    assertThat(tokens.user("Bearer other")).contains("alice");
    int before = readings;
    assertThat(tokens.user("Bearer other")).contains("alice");
    assertThat(readings).isEqualTo(before);
  }

  @Test
  void anotherFileInItsPlaceIsSeen() throws IOException {
    UserFile tokens = tokens();
    Path next = directory.resolve("next");
    Files.writeString(next, "alice=other");
    Files.setLastModifiedTime(next, FileTime.from(START.minusSeconds(60)));
    Files.move(next, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThat(tokens.user("Bearer first")).isEmpty();
    assertThat(tokens.user("Bearer other")).contains("alice");
  }

  @Test
  void nobodyIsKnownWhileTheFileIsGoneOrEmpty() throws IOException {
    UserFile tokens = tokens();
    Files.delete(file);
    assertThat(tokens.user("Bearer first")).isEmpty();
    write("", START.plusSeconds(1));
    assertThat(tokens.user("Bearer first")).isEmpty();
    write("alice=first", START.plusSeconds(2));
    assertThat(tokens.user("Bearer first")).contains("alice");
  }

  @Test
  void doesNotStartWithoutTokens() throws IOException {
    Files.delete(file);
    assertThatThrownBy(this::tokens)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("cannot read users from " + file + ": there is no such file");
  }
}
