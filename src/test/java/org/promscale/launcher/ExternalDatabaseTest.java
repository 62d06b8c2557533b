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

/** Which database is used, and which wishes contradict each other. */
class ExternalDatabaseTest {
  @TempDir Path directory;

  @Test
  void noneMeansEmbedded() throws Exception {
    assertThat(ExternalDatabase.from(CommandLineTest.read(new String[0], Map.of()))).isEmpty();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "-db.host=h                       | promscale@h:5432/promscale | sslmode=prefer",
        "-db.host=h -db.port=6 -db.name=n | promscale@h:6/n            | sslmode=prefer",
        "-db.host=::1 -db.user=u          | u@[::1]:5432/promscale     | sslmode=prefer",
        "-db.host=h -db.ssl-mode=require  | promscale@h:5432/promscale | sslmode=require",
        "-db.uri=postgres://u@h/d         | u@h:5432/d                 | socketTimeout=60",
      })
  void fromFlags(String line, String expected, String parameter) throws Exception {
    DatabaseAddress address = read(line).orElseThrow();

    assertThat(address).hasToString(expected);
    assertThat(address.jdbcUrl()).contains(parameter).contains("ApplicationName=promscale");
  }

  @Test
  void passwordIsTheFirstLineOfAFile() throws Exception {
    Path file = Files.writeString(directory.resolve("password"), "a b$ \nsecond\n");

    for (String where : new String[] {"-db.host=h", "-db.uri=postgres://u@h/d"}) {
      DatabaseAddress address = read(where + " -db.password-file=" + file).orElseThrow();
      assertThat(address.password()).isEqualTo("a b$ ");
    }
  }

  @Test
  void saysWhichPasswordFileIsMissing() {
    assertThatThrownBy(() -> read("-db.host=h -db.password-file=" + directory.resolve("none")))
        .hasMessage("-db.password-file: no file " + directory.resolve("none"));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "-db.uri=postgres://u@h/d -db.host=h | -db.uri and -db.host contradict: give only one",
        "-db.uri=postgres://u@h/d -db.port=1 | -db.uri and -db.port contradict: give only one",
        "-db.host=h -db.embedded.port=5433 | -db.host and -db.embedded.port contradict: give only one",
        "-db.uri=postgres://u@h/d -db.embedded.data-dir=x | -db.uri and -db.embedded.data-dir contradict: give only one",
        "-db.host=h -db.connections-max=10 -db.num-writers=4 | -db.connections-max must be 12 or more for 4 writers (-db.num-writers)",
        "-db.host=h -db.password=a -db.password-file=b | -db.password and -db.password-file contradict: give only one",
        "-db.uri=postgres://u:a@h/d -db.password=b | two passwords: one in -db.uri, one in -db.password",
        "-db.name=x | -db.name has no meaning for the embedded database: add -db.host or -db.uri, or remove it",
        "-db.host=a/b | -db.host: 'a/b' is not a host name",
        "-db.host=h -db.port=0 | -db.port: 0 is not 1 to 65535",
        "-db.host=h -db.ssl-mode=on | -db.ssl-mode: 'on' is not one of disable, allow, prefer, require, verify-ca, verify-full",
      })
  void refusesInOneLine(String line, String message) {
    assertThatThrownBy(() -> read(line))
        .isInstanceOfSatisfying(
            LaunchFailure.class, e -> assertThat(e.exitCode()).isEqualTo(LaunchFailure.USAGE))
        .hasMessage(message);
  }

  private static java.util.Optional<DatabaseAddress> read(String line) throws LaunchFailure {
    return ExternalDatabase.from(CommandLineTest.read(line.split(" "), Map.of()));
  }
}
