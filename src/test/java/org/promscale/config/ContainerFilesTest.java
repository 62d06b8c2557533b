package org.promscale.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What containers are started with are settings. */
class ContainerFilesTest {

  private static final Pattern ARGUMENT =
      Pattern.compile("(?m)^\\s*- (-[a-z][^=\\s]*)(?:=(\\S+))?$|\"(-[a-z]+\\.[^=\"]+)\"");
  private static final Pattern VARIABLE = Pattern.compile("PROMSCALE_[A-Z_]+");

  private static List<String> texts() throws Exception {
    List<String> texts = new ArrayList<>();
    try (Stream<Path> files = Files.walk(Path.of("docker"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        texts.add(Files.readString(file));
      }
    }
    return texts;
  }

  @Test
  void flagsAreSettingsAndValuesFit() throws Exception {
    List<String> seen = new ArrayList<>();
    for (String text : texts()) {
      for (MatchResult argument : ARGUMENT.matcher(text).results().toList()) {
        String name = argument.group(1) == null ? argument.group(3) : argument.group(1);
        assertThat(SettingNames.FLAG.trouble(name)).as(name).isEmpty();
        seen.add(name);
        Setting setting = Settings.find(name.substring(1)).orElseThrow();
        if (argument.group(2) != null) {
          assertThat(setting.form().fits(argument.group(2))).as(argument.group()).isTrue();
        }
      }
    }
    assertThat(seen)
        .contains("-db.host", "-db.password-file", "-metrics.high-availability.labels")
        .hasSizeGreaterThan(6);
  }

  @Test
  void variablesAreSettings() throws Exception {
    for (String text : texts()) {
      for (MatchResult name :
          VARIABLE.matcher(text.replace("PROMSCALE_…", "")).results().toList()) {
        assertThat(SettingNames.VARIABLE.trouble(name.group())).isEmpty();
      }
    }
  }
}
