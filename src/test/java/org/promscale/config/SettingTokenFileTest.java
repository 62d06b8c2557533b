package org.promscale.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The form of the file of tokens; its refusals never show a token. */
class SettingTokenFileTest {

  private static final String TOKEN = "0123456789abcdef";

  @TempDir Path directory;

  private Path file(String text) throws IOException {
    return Files.writeString(directory.resolve("tokens"), text);
  }

  @Test
  void oneTokenALineWithOrWithoutAName() throws IOException {
    String text = "\n" + TOKEN + "\r\n  alice \t ABCDEFGH-._~+/12==  \n\n";
    assertThat(SettingTokenFile.read(file(text)))
        .isEqualTo(Map.of(TOKEN, "bearer", "ABCDEFGH-._~+/12==", "alice"));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "empty         | ''                          | it holds no token",
        "blank         | ' \n \n'                    | it holds no token",
        "short         | 0123456789abcdef\\nshort123 | the token of line 2 has fewer than 16 characters",
        "short by one  | alice 0123456789abcde       | the token of line 1 has fewer than 16 characters",
        "three words   | al ice 0123456789abcdef     | line 1 is no token of A-Z, a-z, 0-9 and -._~+/ with or without one name in front",
        "odd character | 0123456789abcdé             | line 1 is no token of A-Z, a-z, 0-9 and -._~+/ with or without one name in front",
      })
  void refusesInOneSentence(String name, String text, String message) throws IOException {
    Path file = file(text.replace("\\n", "\n"));
    assertThatThrownBy(() -> SettingTokenFile.read(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void refusesWhatIsNoFileOfText() throws IOException {
    assertThatThrownBy(() -> SettingTokenFile.read(directory.resolve("none")))
        .hasMessage("there is no such file");
    assertThatThrownBy(() -> SettingTokenFile.read(directory))
        .hasMessage("this is no file of secrets, one a line");
    Path latin = directory.resolve("latin");
    Files.write(latin, "ümlaut".getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> SettingTokenFile.read(latin)).hasMessage("it is no text");
  }
}
