package org.promscale.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.promscale.testbed.JsonText;

/**
 * The raw results of one scenario, in a file of its own that is written anew after every
 * measurement: what was measured stays when something fails later. One thread.
 */
final class RawResult {

  private final Path file;
  private final Map<String, Object> content = new LinkedHashMap<>();
  private final List<Object> windows = new ArrayList<>();

  /**
   * Begins a file.
   *
   * @param seconds how long a measurement was to take
   */
  RawResult(Path directory, String scenario, double seconds) {
    this.file = directory.resolve(scenario + ".json");
    content.put("scenario", scenario);
    content.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    content.put("commit", MachineFacts.commit());
    content.put("seconds", seconds);
    content.put("machine", MachineFacts.machine());
    content.put("windows", windows);
  }

  /** Adds a measurement. */
  void add(String what, int repetition, Map<String, ?> figures) {
    Map<String, Object> window = new LinkedHashMap<>();
    window.put("what", what);
    window.put("repetition", repetition);
    window.putAll(figures);
    windows.add(window);
    System.out.println("Performance: " + JsonText.write(window).strip());
    write();
  }

  /** Adds a fact about the scenario as a whole. */
  void note(String name, Object value) {
    content.put(name, value);
    write();
  }

  private void write() {
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(file, JsonText.write(content));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
