package org.promscale.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.promscale.config.SettingsReader;

/** What a WAR says of the settings that reach it. */
class SettingsCheckTest {

  private static List<String> warnings(
      Map<String, String> properties, Map<String, String> environment) {
    SettingsReader reader = new SettingsReader(key -> Optional.ofNullable(properties.get(key)));
    return SettingsCheck.warnings(reader, properties.keySet(), environment);
  }

  @Test
  void saysNothingOfSettingsThatWorkHere() {
    assertThat(
            warnings(
                Map.of("promscale.metrics.high-availability", "true", "java.home", "x"),
                Map.of("PROMSCALE_DB_NUM_WRITERS", "3", "PROMSCALE_PORT", "tcp://x", "PATH", "x")))
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "promscale.web.listen-address, LISTEN, http-listener-1",
    "promscale.db.uri, URI, connection-url",
    "promscale.db.connections-max, POOL, max-pool-size",
    "promscale.telemetry.log.level, LOG, /subsystem=logging",
  })
  void namesTheServersOwnSetting(String property, String why, String own) {
    assertThat(warnings(Map.of(property, "9"), Map.of()))
        .as(why)
        .singleElement()
        .asString()
        .startsWith(property + " does nothing in a server. WildFly: ")
        .contains(own);
  }

  @Test
  void namesItForVariablesToo() {
    assertThat(warnings(Map.of(), Map.of("PROMSCALE_DB_HOST", "h")))
        .singleElement()
        .asString()
        .startsWith("PROMSCALE_DB_HOST does nothing in a server. WildFly: ");
  }

  @Test
  void aVariableThatAServerListsAsAPropertyIsJudgedOnce() {
    assertThat(
            warnings(
                Map.of("promscale.metrics.high.availability", "true"),
                Map.of("PROMSCALE_METRICS_HIGH_AVAILABILITY", "true")))
        .isEmpty();
  }

  @Test
  void refusesWhatIsNoSetting() {
    assertThatThrownBy(() -> warnings(Map.of("promscale.db.num-writer", "3"), Map.of()))
        .hasMessage(
            "unknown setting promscale.db.num-writer; did you mean promscale.db.num-writers?");
    assertThatThrownBy(() -> warnings(Map.of("promscale.metrics.multi-tenancy", "true"), Map.of()))
        .hasMessageStartingWith("promscale.metrics.multi-tenancy does not exist yet: ");
    assertThatThrownBy(() -> warnings(Map.of(), Map.of("PROMSCALE_METRICS_HA", "true")))
        .hasMessageStartingWith("unknown variable PROMSCALE_METRICS_HA; did you mean ");
  }

  @Test
  void refusesAValueThatDoesNotFit() {
    assertThatThrownBy(() -> warnings(Map.of("promscale.db.num-writers", "many"), Map.of()))
        .hasMessage("cannot read -db.num-writers=many: it takes a number from 1 to 64");
  }
}
