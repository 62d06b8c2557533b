package org.promscale.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.promscale.config.Settings;

/** The file of settings: what it may hold, and what wins over it. */
class SettingsFileTest {

  @TempDir Path directory;

  private Path file(String text) throws Exception {
    return Files.writeString(directory.resolve("c.yml"), text);
  }

  private Options read(String text, Map<String, String> environment, String... more)
      throws Exception {
    String[] flags = new String[more.length + 1];
    flags[0] = "-config=" + file(text);
    System.arraycopy(more, 0, flags, 1, more.length);
    return CommandLineTest.read(flags, environment);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "flat            | db.host: h | db.host | h",
        "nested          | db: {host: h} | db.host | h",
        "half nested     | db: {embedded.data-dir: d} | db.embedded.data-dir | d",
        "switch, and more below | metrics: {high-availability: true, high-availability.labels: a/b} | metrics.high-availability | true",
        "below a switch  | metrics: {high-availability: {labels: a/b}} | metrics.high-availability.labels | a/b",
        "text as written | db.password: 010 | db.password | 010",
        "no YAML 1.1     | db.password: off | db.password | off",
        "quoted          | db.password: 'a: #b' | db.password | a: #b",
        "no value        | db.host:   | db.host | ''",
        "null            | db.host: ~ | db.host | ''",
        "nothing at all  | # nothing  | web.listen-address | :9201",
      })
  void readsNames(String name, String text, String key, String expected) throws Exception {
    String yaml = name.equals("quoted") ? "db.password: 'a: #b'" : text;
    assertThat(read(yaml, Map.of()).text(Settings.find(key).orElseThrow())).isEqualTo(expected);
  }

  @Test
  void variablesAndFlagsWin() throws Exception {
    String yaml = "db: {host: file, port: 1, name: file}";
    Map<String, String> environment =
        Map.of("PROMSCALE_DB_HOST", "variable", "PROMSCALE_DB_NAME", "variable");
    Options options = read(yaml, environment, "-db.host=flag");

    assertThat(options.text(Settings.DB_HOST)).isEqualTo("flag");
    assertThat(options.text(Settings.DB_NAME)).isEqualTo("variable");
    assertThat(options.text(Settings.DB_PORT)).isEqualTo("1");
    assertThat(options.nameOf(Settings.DB_PORT))
        .isEqualTo(directory.resolve("c.yml") + ": db.port");
    assertThat(read(yaml, Map.of(), "-db.host=").text(Settings.DB_HOST)).isEmpty();
  }

  @Test
  void aVariableNamesTheFile() throws Exception {
    Map<String, String> environment = Map.of("PROMSCALE_CONFIG", file("db.host: h").toString());
    assertThat(CommandLineTest.read(new String[0], environment).text(Settings.DB_HOST))
        .isEqualTo("h");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "unknown key   | db: {hots: h} | line 1: unknown key db.hots; did you mean db.host?",
        "unknown group | dp: {host: h} | line 1: unknown key dp; did you mean db.uri?",
        "former        | db: {app: x} | line 1: db.app does not exist any more: give ?application_name=NAME in -db.uri; sessions are called promscale without.",
        "former group  | startup: {dataset: {metrics: {x: y}}} | line 1: startup.dataset does not exist any more: -metrics.retention says how long samples are kept; partitions are of one day.",
        "renamed       | db: {connections: {num-writers: 3}} | line 1: db.connections.num-writers is called db.num-writers here",
        "twice         | db.host: a~db: {host: b} | line 2: db.host stands here twice",
        "list          | db.host: [a] | line 1: db.host takes one text",
        "map           | db.host: {a: b} | line 1: db.host takes one text",
        "no map        | db.host | line 1: write name: value",
        "another file  | config: x | line 1: a file of settings names no other",
        "key is a map  | {a: b}: c | line 1: a name is one text",
        "itself        | db: &a {embedded: *a} | line 1: unknown key db.embedded.embedded; did you mean db.embedded.data-dir?",
      })
  void refusesInOneLine(String name, String text, String message) throws Exception {
    Path file = directory.resolve("c.yml");
    assertThatThrownBy(() -> read(text.replace("~", "\n"), Map.of()))
        .isInstanceOfSatisfying(LaunchFailure.class, e -> assertThat(e.exitCode()).isEqualTo(2))
        .message()
        .startsWith(file + " " + message)
        .doesNotContain("\n");
  }

  @Test
  void refusesWhatIsNoYaml() {
    assertThatThrownBy(() -> read("a: b: c", Map.of()))
        .message()
        .startsWith(directory.resolve("c.yml") + " line 1 is no YAML: ")
        .doesNotContain("\n");
  }

  @Test
  void refusesWhatIsNoFile() {
    assertThatThrownBy(() -> CommandLineTest.read(new String[] {"-config=none.yml"}, Map.of()))
        .isInstanceOfSatisfying(LaunchFailure.class, e -> assertThat(e.exitCode()).isEqualTo(1))
        .hasMessage("-config: there is no file none.yml");
    assertThatThrownBy(() -> CommandLineTest.read(new String[] {"-config=" + directory}, Map.of()))
        .hasMessage("-config: " + directory + " is no file of settings");
  }

  @Test
  void namesTheFileWhereAValueDoesNotFit() {
    assertThatThrownBy(() -> read("db.port: many", Map.of()))
        .hasMessage(directory.resolve("c.yml") + ": db.port: 'many' is not a whole number");
  }
}
