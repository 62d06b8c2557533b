package org.promscale.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The rules of others on our seeds. Where their figures are known they must come out, or the
 * simulation is wrong. {@code ./mvnw -o test -Dtest=PolicyTableTest -Dsim.write=true} writes the
 * page.
 */
class PolicyTableTest {

  private static final Path PAGE = Path.of("docs", "ha-policies.md");

  @Test
  @DisplayName("The known figures come out, and the page has them")
  void table() throws IOException {
    Map<String, PolicyTable.Row> rows = new TreeMap<>();
    PolicyTable.policies().forEach((name, policy) -> rows.put(name, PolicyTable.measure(policy)));
    String page = PolicyTable.page(rows);
    if (Boolean.getBoolean("sim.write")) {
      Files.writeString(PAGE, page);
    }
    hole(rows, "Promscale 0.17", 55);
    hole(rows, "Cortex", 21);
    hole(rows, "Mimir", 30);
    assertThat(rows.get("Promscale for Jakarta EE"))
        .satisfies(
            ours -> {
              assertThat(ours.worstHole()).isLessThan(10);
              assertThat(ours.overlap()).isZero();
              assertThat(ours.falseSwitches()).isZero();
            });
    assertThat(Files.readString(PAGE)).as("run with -Dsim.write=true").isEqualTo(page);
  }

  private static void hole(Map<String, PolicyTable.Row> rows, String name, double seconds) {
    assertThat(rows.get(name))
        .satisfies(row -> assertThat(row.hole()).as(name).isCloseTo(seconds, within(5.0)));
  }
}
