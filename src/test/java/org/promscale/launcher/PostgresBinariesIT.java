package org.promscale.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bundled PostgreSQL comes out of the jar, whatever others do with that jar. */
class PostgresBinariesIT {
  private static final String ARCHIVE =
      "/postgres-linux-"
          + (System.getProperty("os.arch").equals("aarch64") ? "arm_64" : "x86_64")
          + ".txz";

  @TempDir Path directory;

  @Test
  void unpacksWhileOthersCloseTheJar() throws Exception {
    PostgresBinaries binaries = PostgresBinaries.in(directory);
    CompletableFuture<Void> unpacked =
        CompletableFuture.runAsync(
            () -> {
              try {
                binaries.unpack();
              } catch (LaunchFailure e) {
                throw new IllegalStateException(e);
              }
            });
    int closed = 0;
    while (!unpacked.isDone()) {
      closeJar();
      closed++;
    }
    unpacked.join();
    assertThat(closed).isPositive();
    assertThat(Path.of(binaries.program("postgres"))).isExecutable();
  }

  /** Closes the jar that all readers share who do not ask for one of their own. */
  private static void closeJar() throws IOException {
    URL archive = PostgresBinariesIT.class.getResource(ARCHIVE);
    assertThat(archive).isNotNull();
    ((JarURLConnection) archive.openConnection()).getJarFile().close();
  }
}
