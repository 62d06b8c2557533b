package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.promscale.testbed.ImageProcess;
import org.promscale.testbed.PostgresServer;
import org.promscale.testbed.RemoteWriteClient;
import org.promscale.testbed.WireLabels;

/**
 * The image's own steps and its entry point, without Docker: what is not needed is left out, it
 * runs as its user, uses its archive of classes and stops in order.
 */
@Tag("long")
class ImageStepsIT {

  private static final Path DOCKERFILE = Path.of("docker/Dockerfile");

  @Test
  void theImageIsMadeAndServes() throws Exception {
    try (PostgresServer postgres = PostgresServer.start(Map.of())) {
      String database = postgres.createDatabase();
      Path classes = Files.createTempFile("promscale-image", ".txt").toAbsolutePath();
      classes.toFile().setWritable(true, false);
      try (ImageProcess image =
          new ImageProcess(
              DOCKERFILE,
              "PROMSCALE_DB_URI=" + postgres.uri(database),
              "JAVA_TOOL_OPTIONS=-Xlog:class+load:file=" + classes)) {
        System.out.printf(
            "ImageStepsIT: %d MB beside the JRE; not run: %s%n",
            size(image.installed()) >> 20, image.stepsLeftOut());
        assertThat(Files.exists(image.installed().resolve("promscale.jsa"))).isTrue();
        assertThat(size(image.installed())).isLessThan(300L << 20);
        assertThat(image.stepsLeftOut()).as("only what this machine stands for").hasSize(9);

        image.start();
        assertThat(image.runningAs()).isEqualTo("65532:65532");
        assertThat(Files.readString(classes)).contains("shared objects file (top)");

        long now = System.currentTimeMillis();
        for (String replica : new String[] {"a", "b"}) {
          var request =
              WireLabels.request(
                  Map.of("__name__", "m", "cluster", "c", "__replica__", replica), now, 1);
          assertThat(new RemoteWriteClient().write(image.uri("/api/v1/write"), request).status())
              .isEqualTo(204);
        }
        assertThat(Rows.of(postgres.dataSource(database), "SELECT leader FROM prom_info.ha_terms"))
            .as("its default is high availability")
            .containsExactly("a");

        long asked = System.nanoTime();
        image.stop();
        assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Duration.ofSeconds(15));
        assertThat(image.exitStatus()).isEqualTo(143);
      } finally {
        Files.delete(classes);
      }
    }
  }

  private static long size(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }
}
