package org.promscale.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The form of the file of passwords; its refusals never show a password. */
class SettingPasswordFileTest {

  @TempDir Path directory;

  private Map<String, String> read(String text) throws Exception {
    return SettingPasswordFile.read(Files.writeString(directory.resolve("users"), text));
  }

  private static String sent(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void oneUserALine() throws Exception {
    assertThat(read("alice:pass word:ü\n\nbob:12345678\n"))
        .isEqualTo(Map.of(sent("alice:pass word:ü"), "alice", sent("bob:12345678"), "bob"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                      | it holds no user",
        "alice                   | line 1 is not name:password",
        ":password               | line 1 is not name:password",
        "al ice:password         | line 1 is not name:password",
        "alice:short12           | the password of line 1 has fewer than 8 characters",
        "a:12345678~a:87654321   | line 2 names a again",
      })
  void refusesInOneSentence(String text, String message) {
    assertThatThrownBy(() -> read(text.replace("~", "\n"))).hasMessage(message);
  }

  @Test
  void refusesWhatIsNoFile() {
    assertThatThrownBy(() -> SettingPasswordFile.read(directory.resolve("none")))
        .hasMessage("there is no such file");
  }
}
