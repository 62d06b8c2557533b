package org.promscale.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The floors of the house, see docs/architecture.md: who may call whom, and with what libraries.
 */
class ArchitectureTest {

  private static final String ROOT = "org.promscale.";

  private static final JavaClasses HOUSE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("org.promscale");

  private static final List<String> INJECTION =
      List.of("jakarta.inject", "jakarta.annotation", "jakarta.enterprise.context");

  private static final List<String> BELOW_EDGE =
      List.of("model", "ha", "ingest", "query", "health");

  /**
   * A room: the rooms it may import beside itself, and the libraries beside {@code java.base},
   * {@code java.lang.System.Logger} and jspecify's annotations.
   */
  record Room(String name, List<String> rooms, List<String> libraries) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Room> rooms() {
    return Stream.of(
        new Room("model", List.of(), List.of()),
        new Room("ha", List.of("model"), List.of()),
        new Room("ingest", List.of("model", "ha"), List.of()),
        new Room("query", List.of("model", "ha"), List.of()),
        new Room("health", List.of("model", "ha"), List.of()),
        new Room("wire", BELOW_EDGE, with("com.google.protobuf", "org.xerial.snappy")),
        new Room(
            "storage",
            BELOW_EDGE,
            with(
                "java.sql",
                "javax.sql",
                "javax.naming",
                "java.util.logging", // in the signature of DataSource
                "jakarta.persistence",
                "jakarta.transaction",
                "org.hibernate.engine.jdbc.connections.spi",
                "org.hibernate.engine.transaction.jta.platform",
                "org.flywaydb.core")),
        new Room("metrics", BELOW_EDGE, with("io.prometheus.metrics")),
        new Room(
            "http",
            and(BELOW_EDGE, "wire", "metrics", "security"),
            with("jakarta.ws.rs", "jakarta.servlet", "jakarta.json")),
        new Room(
            "admin",
            and(BELOW_EDGE, "security"),
            with("jakarta.ws.rs", "jakarta.servlet", "jakarta.json")),
        new Room("security", BELOW_EDGE, with("jakarta.ws.rs", "jakarta.servlet")),
        new Room("config", List.of(), with("org.eclipse.microprofile.config")),
        new Room(
            "boot",
            and(BELOW_EDGE, "wire", "storage", "metrics", "http", "admin", "security", "config"),
            with(
                "java.lang.management",
                "java.sql",
                "javax.sql",
                "jakarta.enterprise",
                "org.eclipse.microprofile.config",
                "io.prometheus.metrics")),
        new Room(
            "launcher",
            List.of("config"),
            with(
                "java",
                "javax",
                "com.sun.management",
                "picocli",
                "fish.payara.micro",
                "org.snakeyaml.engine.v2",
                "org.tukaani.xz",
                "org.apache.commons.compress")));
  }

  private static List<String> with(String... libraries) {
    return Stream.concat(INJECTION.stream(), Arrays.stream(libraries)).toList();
  }

  private static List<String> and(List<String> rooms, String... more) {
    return Stream.concat(rooms.stream(), Arrays.stream(more)).toList();
  }

  @ParameterizedTest
  @MethodSource("rooms")
  @DisplayName("A room imports only the floors below it and the libraries it is allowed")
  void roomKeepsItsFloor(Room room) {
    DescribedPredicate<JavaClass> allowed =
        DescribedPredicate.describe(
            "on the list of room " + room, type -> mayImport(room, type.getBaseComponentType()));
    classes()
        .that()
        .resideInAPackage(ROOT + room.name() + "..")
        .should()
        .onlyDependOnClassesThat(allowed)
        .allowEmptyShould(true)
        .check(HOUSE);
  }

  private static boolean mayImport(Room room, JavaClass type) {
    String name = type.getPackageName();
    if (type.isPrimitive() || within(name, "org.jspecify.annotations")) {
      return true;
    }
    if (name.startsWith(ROOT)) {
      return Stream.concat(Stream.of(room.name()), room.rooms().stream())
          .anyMatch(r -> within(name, ROOT + r));
    }
    return isJavaBase(name) || room.libraries().stream().anyMatch(l -> within(name, l));
  }

  private static boolean isJavaBase(String packageName) {
    return ModuleLayer.boot()
        .findModule("java.base")
        .map(module -> module.getPackages().contains(packageName))
        .orElse(false);
  }

  private static boolean within(String packageName, String parent) {
    return packageName.equals(parent) || packageName.startsWith(parent + ".");
  }

  @Test
  @DisplayName("Every class lives in a room of the plan")
  void everyClassHasARoom() {
    Set<String> known = Set.copyOf(rooms().map(Room::name).toList());
    assertThat(HOUSE.stream().map(c -> roomOf(c.getPackageName())).distinct())
        .allSatisfy(room -> assertThat(known).contains(room));
  }

  private static String roomOf(String packageName) {
    String room = packageName.substring(ROOT.length());
    return room.contains(".") ? room.substring(0, room.indexOf('.')) : room;
  }

  @Test
  @DisplayName("The launcher knows only the table of settings")
  void launcherKnowsOnlyTheTable() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + "launcher..")
        .should()
        .dependOnClassesThat(
            DescribedPredicate.describe(
                "in config, but not the table",
                c ->
                    within(c.getPackageName(), ROOT + "config")
                        && !c.getName().startsWith(ROOT + "config.Setting")))
        .check(HOUSE);
    noClasses()
        .that()
        .resideInAPackage(ROOT + "launcher..")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName(ROOT + "config.SettingsReader")
        .check(HOUSE);
  }

  @Test
  @DisplayName("Only boot.Clocks reads the machine's clocks; the launcher measures deadlines")
  void clocksAreInjected() {
    Map<Class<?>, List<String>> readers =
        Map.of(
            System.class, List.of("currentTimeMillis", "nanoTime"),
            Instant.class, List.of("now"),
            java.time.Clock.class, List.of("systemUTC", "systemDefaultZone"),
            java.time.LocalDateTime.class, List.of("now"),
            java.time.OffsetDateTime.class, List.of("now"),
            java.time.ZonedDateTime.class, List.of("now"),
            java.time.InstantSource.class, List.of("system"));
    DescribedPredicate<com.tngtech.archunit.core.domain.JavaAccess<?>> readsClock =
        DescribedPredicate.describe(
            "a clock of the machine",
            access ->
                readers.entrySet().stream()
                    .anyMatch(
                        e ->
                            access.getTargetOwner().isEquivalentTo(e.getKey())
                                && e.getValue().contains(access.getName())));
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + "launcher..")
        .and()
        .doNotHaveFullyQualifiedName(ROOT + "boot.Clocks")
        .should()
        .accessTargetWhere(readsClock)
        .check(HOUSE);
  }

  @Test
  @DisplayName("Threads belong to the server, output belongs to the launcher")
  void noThreadsAndNoPrinting() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + "launcher..")
        .should()
        .callConstructor(Thread.class, Runnable.class)
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.util.concurrent.Executors")
        .orShould()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .check(HOUSE);
  }

  @Test
  @DisplayName("No package is a drawer for odds and ends")
  void noDrawers() {
    noClasses()
        .should()
        .resideInAnyPackage("..util..", "..utils..", "..impl..", "..common..", "..helper..")
        .check(HOUSE);
  }
}
