package org.promscale.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What is said of names: known, misspelt, of the first Promscale, of others. */
class SettingNamesTest {

  /** The flags that the first Promscale 0.17 documents or defines, one a line. */
  private static List<String> flagsOfTheFirst() throws IOException {
    try (InputStream in = SettingNamesTest.class.getResourceAsStream("first-promscale-flags.txt")) {
      assertThat(in).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  @Test
  void everyFlagOfTheFirstStandsInExactlyOneList() throws IOException {
    List<String> keys = SettingFormers.all().stream().map(SettingFormer::key).toList();
    assertThat(keys).doesNotHaveDuplicates().containsAll(flagsOfTheFirst());
    assertThat(flagsOfTheFirst()).hasSizeGreaterThan(70).doesNotHaveDuplicates();
  }

  @Test
  void theListsAgreeWithTheTable() {
    for (SettingFormer former : SettingFormers.all()) {
      boolean exists = Settings.find(former.key()).isPresent();
      switch (former.fate()) {
        case SAME -> assertThat(exists).as(former.key()).isTrue();
        case RENAMED -> {
          assertThat(exists).as(former.key()).isFalse();
          assertThat(Settings.find(former.text())).as(former.key()).isPresent();
        }
        case NOT_YET, GONE -> {
          assertThat(exists).as(former.key()).isFalse();
          assertThat(former.text()).as(former.key()).endsWith(".").hasSizeGreaterThan(10);
        }
      }
    }
  }

  @Test
  void whatTheListsAdviseExists() {
    for (SettingFormer former : SettingFormers.all()) {
      java.util.regex.Pattern.compile("(?<= )-([a-z]+\\.[a-z.-]*[a-z])")
          .matcher(former.text())
          .results()
          .forEach(flag -> assertThat(Settings.find(flag.group(1))).as(flag.group()).isPresent());
    }
  }

  @ParameterizedTest
  @EnumSource(SettingNames.class)
  void noNameOfASettingIsRefused(SettingNames way) {
    for (Setting setting : Settings.all()) {
      assertThat(way.trouble(way.of(setting.key()))).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(SettingNames.class)
  void nothingOfTheFirstIsIgnored(SettingNames way) {
    for (SettingFormer former : SettingFormers.all()) {
      assertThat(way.trouble(way.of(former.key())).isEmpty())
          .as(former.key())
          .isEqualTo(former.fate() == SettingFormer.Fate.SAME);
    }
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "FLAG, -db.hots, unknown flag -db.hots; did you mean -db.host?",
        "FLAG, -db-host, unknown flag -db-host; did you mean -db.host?",
        "FLAG, -log-level, -log-level is called -telemetry.log.level here",
        "FLAG, -metrics.multi-tenancy, -metrics.multi-tenancy does not exist yet: every sample belongs to one tenant; leave it out.",
        "FLAG, -thanos.store-api.server-address, -thanos.store-api.server-address does not exist any more: there is no Thanos StoreAPI; ask with SQL.",
        "VARIABLE, PROMSCALE_DB_HOTS, unknown variable PROMSCALE_DB_HOTS; did you mean PROMSCALE_DB_HOST?",
        "VARIABLE, PROMSCALE_LOG_LEVEL, PROMSCALE_LOG_LEVEL is called PROMSCALE_TELEMETRY_LOG_LEVEL here",
        "VARIABLE, PROMSCALE_PORT, -",
        "VARIABLE, PROMSCALE_SERVICE_HOST, -",
        "VARIABLE, PROMSCALE_SERVICE_PORT_HTTP, -",
        "VARIABLE, PROMSCALE_CONNECTOR_PORT_9201_TCP_ADDR, -",
        "VARIABLE, PATH, -",
        "FILE, db.hots, unknown key db.hots; did you mean db.host?",
        "PROPERTY, promscale.db.num-writer, unknown setting promscale.db.num-writer; did you mean promscale.db.num-writers?",
        "PROPERTY, promscale.db.read-only, promscale.db.read-only does not exist yet: a connector always stores; leave it out.",
        "PROPERTY, java.home, -",
      })
  void saysWhatWasMeant(SettingNames way, String name, @Nullable String message) {
    assertThat(way.trouble(name).orElse(null)).isEqualTo(message);
  }

  @Test
  void whatAServerOwnsSaysWhatToSetThere() {
    assertThat(Settings.all())
        .filteredOn(setting -> setting.scope() != Setting.Scope.EVERYWHERE)
        .allSatisfy(setting -> assertThat(setting.scope().inWar()).isNotEmpty());
  }
}
