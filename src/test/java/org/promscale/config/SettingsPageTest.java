package org.promscale.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** docs/settings.md says what the table says. */
class SettingsPageTest {

  private static final Path PAGE = Path.of("docs/settings.md");

  @Test
  void thePageIsThatOfTheTable() throws Exception {
    if (Boolean.getBoolean("docs.write")) {
      Files.writeString(PAGE, SettingsPage.text());
    }
    assertThat(Files.readString(PAGE))
        .as("write it anew with ./mvnw test -Dtest=SettingsPageTest -DargLine=-Ddocs.write=true")
        .isEqualTo(SettingsPage.text());
  }

  @Test
  void thePageHoldsEverySetting() {
    assertThat(Settings.all())
        .allSatisfy(s -> assertThat(SettingsPage.text()).contains("| `-" + s.key() + "` |"));
  }
}
