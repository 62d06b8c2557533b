package org.promscale.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ViewNamesTest {

  @Test
  void ordinaryNamesStay() {
    assertThat(ViewNames.column("instance")).isEqualTo("instance");
    assertThat(ViewNames.view(0, "http_requests_total")).isEqualTo("http_requests_total");
    assertThat(ViewNames.column("a".repeat(63))).isEqualTo("a".repeat(63));
    assertThat(ViewNames.column("Time")).isEqualTo("Time");
  }

  @Test
  void columnsOfOurOwnAreAvoidedWithoutClashes() {
    assertThat(ViewNames.column("time")).isEqualTo("label_time");
    assertThat(ViewNames.column("label_time")).isEqualTo("label_label_time");
    assertThat(ViewNames.column("label_timer")).isEqualTo("label_timer");
  }

  @Test
  void longNamesAreCutBetweenCharactersAndStayDifferent() {
    Set<String> names = new HashSet<>();
    for (String character : new String[] {"x", "é", "名", "\uD83D\uDE00"}) {
      for (int length = 64; length < 80; length++) {
        String name = ViewNames.column(character.repeat(length));
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        assertThat(bytes.length).isBetween(60, 63);
        assertThat(name)
            .startsWith(character.repeat(54 / character.getBytes(StandardCharsets.UTF_8).length));
        assertThat(new String(bytes, StandardCharsets.UTF_8)).isEqualTo(name);
        names.add(name);
      }
    }
    assertThat(names).hasSize(4 * 16);
  }

  @Test
  void takenNamesGetANumber() throws SQLException {
    Set<String> taken = Set.of("a", "a_2", "b".repeat(63));
    assertThat(ViewNames.free("a", taken::contains)).isEqualTo("a_3");
    assertThat(ViewNames.free("b".repeat(63), taken::contains)).isEqualTo("b".repeat(61) + "_2");
  }

  @Test
  void otherTenantsHaveASuffix() {
    assertThat(ViewNames.view(3, "up")).isEqualTo("up_tenant_3");
    assertThat(ViewNames.view(0, "")).isEqualTo("unnamed");
  }
}
