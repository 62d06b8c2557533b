package org.promscale.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Measures what {@code docs/performance.md} says, against the packaged jar and a real PostgreSQL:
 * {@code ./mvnw verify -Pload -Dit.test=PerformanceIT}. It wants the machine for itself for three
 * quarters of an hour. Each scenario leaves its raw results in a file of its own. Arguments are
 * system properties:
 *
 * <pre>
 * -Dperformance.only=              scenarios, separated by commas; empty: all
 * -Dperformance.seconds=10         length of one measurement
 * -Dperformance.repetitions=5      of each comparison
 * -Dperformance.directory=target/performance   where the raw results go
 * -Dperformance.publish=           the same directory: what it holds goes to docs, the page is made anew
 * </pre>
 *
 * <p>{@link PerformancePageTest} makes the page of raw results that are there.
 */
@Tag("load")
class PerformanceIT {

  private static Map<String, Scenario> scenarios() {
    Map<String, Scenario> scenarios = new LinkedHashMap<>();
    scenarios.put("throughput", new ThroughputScenario());
    scenarios.put("filled", new FilledScenario());
    scenarios.put("high-availability", TurnsScenarios::highAvailability);
    scenarios.put("standby", new StandbyScenario());
    scenarios.put("series", TurnsScenarios::series);
    scenarios.put("senders", TurnsScenarios::senders);
    scenarios.put("latency", TurnsScenarios::latency);
    scenarios.put("cold", new ColdScenario());
    scenarios.put("memory", new MemoryScenario());
    scenarios.put("reading", new ReadingScenario());
    scenarios.put("catalog", new CatalogScenario());
    scenarios.put("profile", new ProfileScenario());
    scenarios.put(SoakSection.PLAIN, new SoakScenario(false));
    scenarios.put(SoakSection.COMPRESSED, new SoakScenario(true));
    return scenarios;
  }

  @AfterAll
  static void page() throws IOException {
    Path raw = Performance.fromSystemProperties().directory();
    String publish = System.getProperty("performance.publish", "");
    if (!publish.isEmpty()) {
      PerformancePage.publish(Path.of(publish));
    } else if (Files.isDirectory(raw)) {
      Files.writeString(raw.resolve("performance.md"), PerformancePage.of(raw));
    }
  }

  @TestFactory
  Stream<DynamicTest> measure() {
    Performance asked = Performance.fromSystemProperties();
    return scenarios().entrySet().stream()
        .filter(scenario -> asked.asksFor(scenario.getKey()))
        .map(
            scenario ->
                DynamicTest.dynamicTest(
                    scenario.getKey(),
                    () ->
                        scenario
                            .getValue()
                            .run(
                                asked,
                                new RawResult(
                                    asked.directory(), scenario.getKey(), asked.seconds()))));
  }
}
