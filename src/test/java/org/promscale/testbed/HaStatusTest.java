package org.promscale.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What connectors say is read as they mean it. */
class HaStatusTest {

  private static final String PAGE =
      """
      {"clusters":[
        {"tenant":0,"cluster":"c \\"1\\"","leader":"a","term":3,"term_start":"2026-01-01T00:00:00Z",
         "frontier":"2026-01-01T00:00:05.123Z","seal":null,"silence_seconds":1.2,
         "timeout_seconds":45.0,"settle_seconds":20,"view_age_seconds":0.4,
         "replicas":[
           {"replica":"a","leader":true,"last_seen":"2026-01-01T00:00:06Z",
            "newest":"2026-01-01T00:00:05Z","lag_seconds":0.5},
           {"replica":"b","leader":false,"last_seen":null,"newest":null,"lag_seconds":null}]},
        {"tenant":7,"cluster":"d","leader":"x","term":1,"term_start":null,"frontier":null,"seal":null,
         "silence_seconds":0,"timeout_seconds":120,"settle_seconds":20,"view_age_seconds":0,
         "replicas":[]}]}
      """;

  @Test
  void theLeaderOfEveryClusterIsRead() {
    HaStatus status = HaStatus.parse(PAGE);
    HaStatus.Cluster cluster = status.cluster("c \"1\"").orElseThrow();

    assertThat(status.clusters()).hasSize(2);
    assertThat(status.leader("c \"1\"")).isEqualTo("a");
    assertThat(status.leader("d")).as("of another tenant").isEmpty();
    assertThat(cluster.term()).isEqualTo(3);
    assertThat(Objects.requireNonNull(cluster.frontier()))
        .isEqualTo(Instant.parse("2026-01-01T00:00:05.123Z"));
    assertThat(cluster.seal()).isNull();
    assertThat(cluster.timeoutSeconds()).isEqualTo(45);
    assertThat(cluster.replicas().get(0).leader()).isTrue();
    assertThat(cluster.replicas().get(1).lagSeconds()).isNaN();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "{}", "{\"clusters\":[{\"tenant\":0}]}", "{\"clusters\":[]} x"})
  void anythingElseIsRefused(String page) {
    assertThatThrownBy(() -> HaStatus.parse(page)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void jsonIsReadWithEscapesAndNumbers() {
    assertThat(JsonText.parse(" [1, -2.5e3, \"a\\u0062\\n\\\\\", true, {\"k\" : {}}] "))
        .isEqualTo(List.of(1.0, -2500.0, "ab\n\\", true, Map.of("k", Map.of())));
    for (String bad : List.of("[1,]", "{\"a\" 1}", "\"open", "nul", "1 2")) {
      assertThatThrownBy(() -> JsonText.parse(bad))
          .as("%s", bad)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("at character");
    }
  }

  @Test
  void metricsAreFoundByTheirLabels() {
    MetricsPage page =
        MetricsPage.parse(
            """
            # HELP leader_info Who leads.
            # TYPE leader_info gauge
            leader_info{cluster="c,1",replica="a"} 1
            leader_info{cluster="c,1",replica="b"} 0.0
            leader_info{cluster="d",replica="a"} 1
            changes_total 3.0 1700000000000
            """);

    assertThat(page.lines()).hasSize(4);
    assertThat(page.sum("leader_info", Map.of("cluster", "c,1", "replica", "a"))).isEqualTo(1);
    assertThat(page.find("leader_info", Map.of("cluster", "c,1"))).hasSize(2);
    assertThat(page.sum("leader_info", Map.of("replica", "a"))).isEqualTo(2);
    assertThat(page.sum("changes_total", Map.of())).isEqualTo(3);
    assertThat(page.find("changes_total", Map.of("cluster", "d"))).isEmpty();
  }
}
