package org.promscale.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a given text is taken for, and what is said of one that cannot be read. */
class SettingsReaderTest {

  private enum Word {
    REJECT,
    ACCEPT
  }

  @Test
  void everyDefaultHasTheFormOfItsSetting() {
    assertThat(Settings.all())
        .filteredOn(setting -> !setting.defaultValue().isEmpty())
        .allSatisfy(
            setting ->
                assertThat(setting.form().fits(setting.defaultValue())).as(setting.key()).isTrue());
  }

  @ParameterizedTest
  @CsvSource({
    "metrics.high-availability, false",
    "metrics.high-availability.labels, cluster/__replica__",
    "metrics.high-availability.missing-labels, reject",
    "metrics.high-availability.leader-timeout, auto",
    "metrics.high-availability.max-clusters, 1000",
    "metrics.high-availability.max-future, 10m",
  })
  void defaultsOfHighAvailability(String key, String expected) {
    assertThat(reader("").text(Settings.find(key).orElseThrow())).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "500ms, PT0.5S",
    "15s, PT15S",
    "2m, PT2M",
    "1h, PT1H",
    "1h30m, PT1H30M",
    "90d, PT2160H",
    "1d12h, PT36H",
    "1m500ms, PT1M0.5S",
    "1h2m3s4ms, PT1H2M3.004S",
    "' 10m ', PT10M",
    "0m1s, PT1S",
    "999999999h, PT999999999H"
  })
  void readsDurations(String text, Duration expected) {
    SettingsReader reader = reader(text);
    assertThat(reader.duration(Settings.MAX_FUTURE)).isEqualTo(expected);
    assertThat(reader.durationOr(Settings.HA_LEADER_TIMEOUT, "auto")).contains(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0s", "0", "5", "m", "-5s", "5 s", "5S", "1m1h", "1.5h", "1h1d", "1w", "auto", "١s", "5sx"
      })
  void refusesDurations(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> reader(text).duration(Settings.MAX_FUTURE))
        .withMessage(
            "cannot read -metrics.high-availability.max-future="
                + text
                + ": it takes a duration, for instance 15s or 1h30m");
  }

  @Test
  void durationMayBeLeftToUs() {
    assertThat(reader("").durationOr(Settings.HA_LEADER_TIMEOUT, "auto")).isEmpty();
    assertThat(reader("AUTO").durationOr(Settings.HA_LEADER_TIMEOUT, "auto")).isEmpty();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> reader("never").durationOr(Settings.HA_LEADER_TIMEOUT, "auto"))
        .withMessageEndingWith("=never: it takes auto or a duration, for instance 15s or 1h30m");
  }

  @Test
  void choosesOneOfSeveral() {
    assertThat(reader("").choice(Settings.HA_MISSING_LABELS, Word.class)).isEqualTo(Word.REJECT);
    assertThat(reader("Accept").choice(Settings.HA_MISSING_LABELS, Word.class))
        .isEqualTo(Word.ACCEPT);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> reader("drop").choice(Settings.HA_MISSING_LABELS, Word.class))
        .withMessage(
            "cannot read -metrics.high-availability.missing-labels=drop:"
                + " it takes one of reject, accept");
  }

  @Test
  void namesTheSettingThatAParserCannotRead() {
    assertThat(reader("a/b").<Integer>parsed(Settings.HA_LABELS, String::length)).isEqualTo(3);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                reader("x")
                    .parsed(
                        Settings.HA_LABELS,
                        text -> {
                          throw new IllegalArgumentException("it takes another text");
                        }))
        .withMessage("cannot read -metrics.high-availability.labels=x: it takes another text");
  }

  private static SettingsReader reader(String text) {
    return new SettingsReader(key -> Optional.of(text));
  }
}
