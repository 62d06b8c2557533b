package org.promscale.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** House rules that classes do not show: they are about the source files themselves. */
class SourceTest {

  private static final int MAX_LINES = 400;

  private static List<Path> sources(String... endings) {
    try (Stream<Path> files = Files.walk(Path.of("src"))) {
      return files
          .filter(Files::isRegularFile)
          .filter(f -> Stream.of(endings).anyMatch(e -> f.toString().endsWith(e)))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  @DisplayName("No source file has more than 400 lines")
  void filesAreShort() {
    assertThat(sources(".java", ".sql", ".proto"))
        .isNotEmpty()
        .allSatisfy(
            file -> assertThat(lines(file)).as("%s", file).hasSizeLessThanOrEqualTo(MAX_LINES));
  }

  @Test
  @DisplayName("Every package of the product says what belongs in it")
  void packagesAreDescribed() {
    List<Path> packages =
        sources(".java").stream()
            .filter(f -> f.startsWith(Path.of("src/main/java")))
            .map(Path::getParent)
            .distinct()
            .toList();
    assertThat(packages)
        .isNotEmpty()
        .allSatisfy(p -> assertThat(p.resolve("package-info.java")).exists());
  }

  @Test
  @DisplayName("Nothing sleeps to wait for something else")
  void nothingSleeps() {
    String call = "Thread" + ".sleep(";
    assertThat(sources(".java"))
        .allSatisfy(f -> assertThat(lines(f)).as("%s", f).noneMatch(l -> l.contains(call)));
  }
}
