package org.promscale.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who is let in, and where to. */
class AccessTest {

  private static final String TOKEN = "0123456789abcdef";
  private static final String BASIC = basic("alice:s3cret:pw");

  @TempDir Path directory;
  private Path passwords = Path.of("unset");

  private static String basic(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  @BeforeEach
  void write() throws Exception {
    passwords = Files.writeString(directory.resolve("users"), "x");
  }

  private Access access(String open) {
    Path tokens = directory.resolve("users");
    InstantSource clock = InstantSource.system();
    return new Access(
        List.of(
            new UserFile(UserFile.Scheme.BEARER, tokens, f -> Map.of(TOKEN, "ops"), clock),
            new UserFile(UserFile.Scheme.BASIC, passwords, this::passwords, clock)),
        Access.patterns(open));
  }

  private Map<String, String> passwords(Path file) {
    if (!Files.exists(file)) {
      throw new IllegalArgumentException("there is no such file");
    }
    return Map.of(BASIC, "alice", basic("bob:other-pw"), "bob");
  }

  @Test
  void usersOfBothFilesAreKnown() {
    Access access = access("");
    assertThat(access.user("Bearer " + TOKEN)).contains("ops");
    assertThat(access.user("Basic " + BASIC)).contains("alice");
    assertThat(access.user("basic " + basic("bob:other-pw"))).contains("bob");
    assertThat(access.challenges())
        .containsExactly("Bearer realm=\"Promscale\"", "Basic realm=\"Promscale\"");
  }

  @Test
  void strangersAreNot() {
    Access access = access("");
    for (String header :
        new String[] {
          null,
          "",
          "Basic",
          "Basic " + TOKEN,
          "Bearer " + BASIC,
          "Basic " + basic("alice:other-pw"),
          "Basic " + basic("alice:"),
          "Basic " + BASIC + "=",
          "Basic alice:s3cret:pw"
        }) {
      assertThat(access.user(header)).as(header).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/-/ready, LET_IN",
    "/-/healthy, LET_IN",
    "/healthz, LET_IN",
    "/healthz/, UNKNOWN",
    "/-/ready/../../write, UNKNOWN",
    "/metrics, LET_IN",
    "/metrics2, UNKNOWN",
    "/write, UNKNOWN",
    "/, UNKNOWN",
    "'', UNKNOWN",
    "/api/v1/ha/clusters, LET_IN",
    "/api/v1/ha/clusters/a, UNKNOWN",
    "/deep/a/b, LET_IN",
    "/deep/../write, UNKNOWN",
  })
  void onlyOpenPathsNeedNoUser(String path, Access.Ruling ruling) {
    Access access = access("/metrics,/api/v1/ha/*, /deep/**");
    assertThat(access.rule(path, false)).isEqualTo(ruling);
    assertThat(access.rule(path, true)).isEqualTo(Access.Ruling.LET_IN);
  }

  @Test
  void whoCannotBeJudgedIsNoStranger() throws Exception {
    Access access = access("");
    Files.delete(passwords);
    assertThat(access.user("Basic " + BASIC)).isEmpty();
    assertThat(access.rule("/write", false)).isEqualTo(Access.Ruling.UNREADABLE);
  }

  @Test
  void withoutFilesEverybodyIsLetIn() {
    Access open = new Access(List.of(), List.of());
    assertThat(open.rule("/write", false)).isEqualTo(Access.Ruling.LET_IN);
  }

  @Test
  void patternsBeginWithASlash() {
    assertThatIllegalArgumentException().isThrownBy(() -> Access.patterns("metrics"));
    assertThatIllegalArgumentException().isThrownBy(() -> Access.patterns("/a,"));
  }
}
