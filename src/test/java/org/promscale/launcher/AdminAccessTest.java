package org.promscale.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which starts are refused because of who could steer leadership after them. */
class AdminAccessTest {

  @TempDir Path directory;

  private static void check(Map<String, String> environment, String... flags) throws Exception {
    AdminAccess.check(CommandLineTest.read(flags, environment));
  }

  private String file(String text) throws Exception {
    return Files.writeString(directory.resolve("tokens"), text).toString();
  }

  @Test
  void nothingIsAskedForWithoutTheAdminApi() throws Exception {
    check(Map.of());
    check(Map.of(), "-web.enable-admin-api=false");
  }

  @Test
  void theAdminApiNeedsTokens() throws Exception {
    check(
        Map.of(),
        "-web.enable-admin-api",
        "-web.auth.bearer-token-file=" + file("0123456789abcdef\n"));
    assertThatThrownBy(() -> check(Map.of(), "-web.enable-admin-api"))
        .isInstanceOfSatisfying(LaunchFailure.class, e -> assertThat(e.exitCode()).isEqualTo(2))
        .hasMessage(
            "-web.enable-admin-api needs -web.auth.bearer-token-file or -web.auth.basic-file: without a user nobody may"
                + " use it");
    assertThatThrownBy(() -> check(Map.of("PROMSCALE_WEB_ENABLE_ADMIN_API", "true")))
        .hasMessageStartingWith("PROMSCALE_WEB_ENABLE_ADMIN_API needs ");
  }

  @Test
  void aFileOfTokensIsReadEvenIfItIsNotUsed() throws Exception {
    String file = file("short");
    assertThatThrownBy(() -> check(Map.of(), "-web.auth.bearer-token-file", file))
        .isInstanceOfSatisfying(LaunchFailure.class, e -> assertThat(e.exitCode()).isEqualTo(1))
        .hasMessage(
            "-web.auth.bearer-token-file: "
                + file
                + ": the token of line 1 has fewer than 16 characters");
    assertThatThrownBy(() -> check(Map.of("PROMSCALE_WEB_AUTH_BEARER_TOKEN_FILE", "none/at/all")))
        .hasMessage("PROMSCALE_WEB_AUTH_BEARER_TOKEN_FILE: none/at/all: there is no such file");
  }

  @Test
  void usersOfEitherFileWillDo() throws Exception {
    String users = Files.writeString(directory.resolve("users"), "alice:12345678").toString();
    check(Map.of(), "-web.enable-admin-api", "-web.auth.basic-file=" + users);
    assertThatThrownBy(() -> check(Map.of(), "-web.auth.basic-file=" + file("alice")))
        .hasMessageEndingWith("tokens: line 1 is not name:password");
    assertThatThrownBy(() -> check(Map.of(), "-web.auth.ignore-path=/metrics"))
        .hasMessage(
            "-web.auth.ignore-path needs -web.auth.bearer-token-file or -web.auth.basic-file:"
                + " without users every path is open");
  }
}
