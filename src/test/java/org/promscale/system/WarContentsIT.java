package org.promscale.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;

/** The WAR brings what the servers lack and nothing that they have: a new library shows here. */
class WarContentsIT {

  private static final String LIBRARIES = "WEB-INF/lib/";
  private static final long MOST_BYTES = 26L << 20;

  private final Path war = Path.of(System.getProperty("promscale.war", "target/promscale.war"));

  @Test
  void theLibrariesAreTheseAndNoOthers() throws IOException {
    assertThat(names())
        .filteredOn(name -> name.startsWith(LIBRARIES) && name.endsWith(".jar"))
        .extracting(name -> name.substring(LIBRARIES.length()).replaceFirst("-\\d.*", ""))
        .containsExactlyInAnyOrder(
            "protobuf-java",
            "snappy-java",
            "flyway-core",
            "flyway-database-postgresql",
            "prometheus-metrics-config",
            "prometheus-metrics-core",
            "prometheus-metrics-exposition-textformats",
            "prometheus-metrics-instrumentation-jvm",
            "prometheus-metrics-model",
            "prometheus-metrics-tracer-common",
            "prometheus-metrics-tracer-initializer",
            "prometheus-metrics-tracer-otel",
            "prometheus-metrics-tracer-otel-agent",
            // Hibernate for Payara; WildFly uses its own.
            "hibernate-core",
            "hibernate-commons-annotations",
            "jboss-logging",
            "jandex",
            "classmate",
            "byte-buddy",
            "antlr4-runtime");
  }

  @Test
  void theLauncherStaysOutside() throws IOException {
    assertThat(names()).noneMatch(name -> name.contains("org/promscale/launcher"));
  }

  @Test
  void theSizeIsBounded() throws IOException {
    assertThat(Files.size(war)).isLessThan(MOST_BYTES);
  }

  private List<String> names() throws IOException {
    try (ZipFile zip = new ZipFile(war.toFile())) {
      return zip.stream().map(ZipEntry::getName).toList();
    }
  }
}
