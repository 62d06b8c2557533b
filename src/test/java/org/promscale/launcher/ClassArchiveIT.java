package org.promscale.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.promscale.testbed.ClassArchives;
import org.promscale.testbed.PostgresServer;

/** What stands beside the jar after the build: taken where it is, not needed where it is not. */
class ClassArchiveIT {
  private static final Duration STOP = Duration.ofSeconds(15);
  private static final Duration REFUSAL = Duration.ofSeconds(30);
  private static final String FROM_ARCHIVE = "source: shared objects file (top)";

  @TempDir Path directory;
  private String listen = "";

  @BeforeEach
  void choosePort() throws IOException {
    listen = "-web.listen-address=127.0.0.1:" + UberJar.freePort();
  }

  @Test
  void mostClassesComeFromTheArchive() throws Exception {
    Path archive = ClassArchives.beside(UberJar.jar());
    if (!Files.exists(archive)) {
      // The build goes on where its JVM can make none; then it has to say why.
      Path why = archive.resolveSibling(archive.getFileName() + ".log");
      assertThat(why).exists();
      System.out.println("ClassArchiveIT: NOT RUN, the build has made no " + archive + ":");
      Files.readAllLines(why).forEach(System.out::println);
      return;
    }
    Path log = directory.resolve("classes.txt");
    List<String> options =
        List.of("-XX:SharedArchiveFile=" + archive, "-Xlog:class+load:file=" + log);

    startAndStop(UberJar.jar(), options);

    List<String> classes = Files.readAllLines(log);
    assertThat(classes).anyMatch(line -> fromArchive(line, " org.promscale.launcher.Main "));
    assertThat(classes).anyMatch(line -> fromArchive(line, " org.glassfish."));
    assertThat(classes).anyMatch(line -> fromArchive(line, " org.hibernate."));
    long archived = classes.stream().filter(line -> line.contains(FROM_ARCHIVE)).count();
    long read = classes.stream().filter(line -> line.contains("source: file:")).count();
    assertThat(archived).as("from the archive, beside %d read from jars", read).isGreaterThan(read);
  }

  private static boolean fromArchive(String line, String name) {
    return line.contains(name) && line.contains(FROM_ARCHIVE);
  }

  @Test
  void theJarStartsAlone() throws Exception {
    startAndStop(copyOfTheJar("alone"), List.of());
  }

  @Test
  void theJarStartsWithTheDirectoryOfAnotherVersion() throws Exception {
    Path jar = copyOfTheJar("other");
    Files.createDirectories(jar.resolveSibling("promscale.d/1.0-1.0"));
    startAndStop(jar, List.of());
  }

  @Test
  void aPartOfTheDirectoryIsRefused() throws Exception {
    Path jar = copyOfTheJar("part");
    Path original = UberJar.jar().resolveSibling("promscale.d");
    String missing = "";
    try (Stream<Path> files = Files.walk(original)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        Path copy = jar.resolveSibling("promscale.d").resolve(original.relativize(file).toString());
        if (file.endsWith("postgresql.jar")) {
          missing = copy.toString();
        } else {
          Files.createDirectories(copy.getParent());
          Files.createSymbolicLink(copy, file);
        }
      }
    }
    assertThat(missing).isNotEmpty();

    assertThat(refusal(jar))
        .containsExactly(
            "promscale: "
                + missing
                + " is missing: copy the whole directory from the build, or remove it");
  }

  @Test
  void aDirectoryBehindALinkIsRefused() throws Exception {
    Path jar = copyOfTheJar("linked");
    Path linked = jar.resolveSibling("promscale.d");
    Files.createSymbolicLink(linked, UberJar.jar().toAbsolutePath().resolveSibling("promscale.d"));
    assertThat(refusal(jar))
        .singleElement()
        .asString()
        .startsWith("promscale: " + linked)
        .endsWith(" is behind a link: copy the directory from the build instead, or remove it");
  }

  @Test
  void aWholeInstallationBehindALinkStarts() throws Exception {
    Path current = directory.resolve("current");
    Files.createSymbolicLink(current, UberJar.jar().toAbsolutePath().getParent());
    startAndStop(current.resolve(UberJar.jar().getFileName()), List.of());
  }

  private List<String> refusal(Path jar) throws Exception {
    try (PostgresServer postgres = PostgresServer.start(Map.of());
        UberJar refused =
            UberJar.start(jar, List.of(), directory.resolve("work"), database(postgres), listen)) {
      assertThat(refused.exitCode(REFUSAL)).isEqualTo(1);
      return refused.err();
    }
  }

  private Path copyOfTheJar(String name) throws IOException {
    Path copy = Files.createDirectories(directory.resolve(name)).resolve("promscale.jar");
    return Files.copy(UberJar.jar(), copy);
  }

  private static Map<String, String> database(PostgresServer postgres) {
    return Map.of("PROMSCALE_DB_URI", postgres.uri(postgres.createDatabase()));
  }

  private void startAndStop(Path jar, List<String> options) throws Exception {
    try (PostgresServer postgres = PostgresServer.start(Map.of());
        UberJar running =
            UberJar.start(jar, options, directory.resolve("work"), database(postgres), listen)) {
      assertThat(running.banner()).isNotEmpty();
      assertThat(running.err()).allMatch(line -> line.contains(" INFO "));
      running.terminate();
      assertThat(running.exitCode(STOP)).isIn(0, 143);
    }
  }
}
