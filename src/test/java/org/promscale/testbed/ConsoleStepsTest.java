package org.promscale.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.promscale.testbed.ConsoleSteps.Click;
import org.promscale.testbed.ConsoleSteps.Enter;
import org.promscale.testbed.ConsoleSteps.Open;
import org.promscale.testbed.ConsoleSteps.Picture;
import org.promscale.testbed.ConsoleSteps.Run;

class ConsoleStepsTest {

  private static final int LARGEST_PICTURE = 120_000;

  @Test
  @DisplayName("The text of a page is read as steps, in its order")
  void readsSteps() {
    String section =
        """
        1. Open <http://localhost:9990/console/> as `admin` with the password `secret`.
        2. Click **Datasources & Drivers**, **Add**; leave `Custom` and *the rest*.
           **JNDI Name** `java:/jdbc/x`, **Password**: `a b`.

           | | |
           |---|---|
           | **Max Wait Time** | `5000` |

           ![The pool](images/pool.png)

        ```sh check
        asadmin **no** step
        ```

        3. See <http://localhost:8048/>.
        """;

    assertThat(ConsoleSteps.of(section))
        .isEqualTo(
            List.of(
                new Open("http://localhost:9990/console/", "admin", "secret"),
                new Click("Datasources & Drivers"),
                new Click("Add"),
                new Enter("JNDI Name", "java:/jdbc/x"),
                new Enter("Password", "a b"),
                new Enter("Max Wait Time", "5000"),
                new Picture("pool.png"),
                new Run("check"),
                new Open("http://localhost:8048/", "", "")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"wildfly", "payara"})
  @DisplayName("The pages of the servers have steps, and small pictures that exist")
  void thePagesHaveStepsAndPictures(String page) throws IOException {
    List<ConsoleSteps.Step> steps =
        ConsoleSteps.of(OperatorGuide.page(page).section(ApplicationServer.CONSOLE));
    assertThat(steps).hasSizeGreaterThan(10);
    for (ConsoleSteps.Step step : steps) {
      if (step instanceof Picture picture) {
        Path file = OperatorGuide.DOCS.resolve("images").resolve(picture.file());
        assertThat(file).exists();
        assertThat(Files.size(file)).as("bytes of %s", file).isLessThan(LARGEST_PICTURE);
      }
    }
  }
}
