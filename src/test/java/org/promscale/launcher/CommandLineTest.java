package org.promscale.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.promscale.config.Setting;
import org.promscale.config.Settings;

/** What an operator types, and what comes of it. */
class CommandLineTest {

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "one dash and =        | -db.host=h                             | db.host | h",
        "two dashes and =      | --db.host=h                            | db.host | h",
        "one dash and a space  | -db.host h                             | db.host | h",
        "two dashes and space  | --db.host h                            | db.host | h",
        "= inside of the value | -db.uri=postgres://u@h/d?sslmode=allow | db.uri  | postgres://u@h/d?sslmode=allow",
        "the last one counts   | -db.host=a -db.host=b                  | db.host | b",
        "value with a dash     | -db.password -x                        | db.password | -x",
        "value with an at sign | -db.password @x                        | db.password | @x",
        "value with a variable | -db.password=${user.home}$HOME          | db.password | ${user.home}$HOME",
        "value with quotes     | -db.password=\"x\"                      | db.password | \"x\"",
        "bare flag             | -metrics.high-availability             | metrics.high-availability | true",
        "flag before a flag    | -metrics.high-availability -db.host=h  | metrics.high-availability | true",
        "flag switched off     | -metrics.high-availability=false       | metrics.high-availability | false",
        "flag in capitals      | -metrics.high-availability=TRUE        | metrics.high-availability | true",
        "labels of two kinds   | -metrics.high-availability.labels=a/b,c/d | metrics.high-availability.labels | a/b,c/d",
        "duration              | -metrics.high-availability.max-future=1h30m | metrics.high-availability.max-future | 1h30m",
        "fixed timeout         | -metrics.high-availability.leader-timeout 60s | metrics.high-availability.leader-timeout | 60s",
        "empty means default   | -db.host=                              | db.host | ''",
        "default               | -db.host=h                             | web.listen-address | :9201",
      })
  void readsFlags(String name, String line, String key, String expected) throws Exception {
    Options options = read(line.split(" "), Map.of());

    assertThat(options.text(setting(key))).isEqualTo(expected);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "flag over variable     | -db.host=flag | variable | flag     | -db.host",
        "variable over default  | -db.port=1    | variable | variable | PROMSCALE_DB_HOST",
        "empty flag gives way   | -db.host=     | variable | ''       | -db.host",
        "empty variable         | -db.port=1    | ''       | ''       | -db.host",
      })
  void flagsWinOverVariables(
      String name, String line, String variable, String expected, String source) throws Exception {
    Options options = read(line.split(" "), Map.of("PROMSCALE_DB_HOST", variable));

    assertThat(options.text(Settings.DB_HOST)).isEqualTo(expected);
    assertThat(options.nameOf(Settings.DB_HOST)).isEqualTo(source);
  }

  @Test
  void variablesOfOthersAreLeftAlone() throws Exception {
    Options options = read(new String[0], Map.of("PROMSCALE_PORT", "tcp://10.0.0.1:9201"));

    assertThat(options.text(Settings.LISTEN_ADDRESS)).isEqualTo(":9201");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "unknown flag       | -db.hots=x | unknown flag -db.hots; did you mean -db.host? -help lists all flags",
        "unknown bare flag  | --metrics.high-avail | unknown flag -metrics.high-avail; did you mean -metrics.high-availability? -help lists all flags",
        "former flag        | -db.read-only | -db.read-only does not exist yet: a connector always stores; leave it out.",
        "former flag, value | -metrics.cache.labels.size=5 | -metrics.cache.labels.size does not exist any more: caches are sized after the heap; set it with java -Xmx.",
        "renamed flag       | -db.connections.num-writers=5 | -db.connections.num-writers is called -db.num-writers here",
        "no flag at all     | start | 'start' is not a flag; -help lists all flags",
        "missing value      | -db.host | flag -db.host needs a value; -help lists all flags",
        "flag with a word   | -metrics.high-availability=maybe | -metrics.high-availability: 'maybe' is not true or false",
        "word for a number  | -db.port=many | -db.port: 'many' is not a whole number",
        "negative number    | -db.port=-1 | -db.port: '-1' is not a whole number",
        "word for bytes     | -db.queue-max-bytes=1TB | -db.queue-max-bytes: '1TB' is not a number of bytes, for instance 64MB",
        "number too small   | -metrics.high-availability.max-clusters=0 | -metrics.high-availability.max-clusters: '0' is not a number from 1 to 1000000",
        "no duration        | -metrics.high-availability.max-future=5 | -metrics.high-availability.max-future: '5' is not a duration, for instance 15s or 1h30m",
        "no timeout         | -metrics.high-availability.leader-timeout=never | -metrics.high-availability.leader-timeout: 'never' is not auto or a duration, for instance 15s or 1h30m",
        "short retention    | -metrics.retention=59m | -metrics.retention: '59m' is not forever or a duration of at least 1h, for instance 90d",
        "unknown choice     | -metrics.high-availability.missing-labels=drop | -metrics.high-availability.missing-labels: 'drop' is not one of reject, accept",
        "no pair of labels  | -metrics.high-availability.labels=cluster | -metrics.high-availability.labels: 'cluster' is not pairs of label names such as cluster/__replica__, separated by commas, each replica label in one pair, none a cluster label too, none __name__",
        "the metric is no cluster | -metrics.high-availability.labels=__name__/x | -metrics.high-availability.labels: '__name__/x' is not pairs of label names such as cluster/__replica__, separated by commas, each replica label in one pair, none a cluster label too, none __name__",
        "two pairs, one replica label | -metrics.high-availability.labels=a/r,b/r | -metrics.high-availability.labels: 'a/r,b/r' is not pairs of label names such as cluster/__replica__, separated by commas, each replica label in one pair, none a cluster label too, none __name__",
        "one label, two meanings | -metrics.high-availability.labels=a/b,b/c | -metrics.high-availability.labels: 'a/b,b/c' is not pairs of label names such as cluster/__replica__, separated by commas, each replica label in one pair, none a cluster label too, none __name__",
        "unknown log level  | -telemetry.log.level=loud | -telemetry.log.level: 'loud' is not one of debug, info, warn, error",
      })
  void refusesInOneLine(String name, String line, String message) {
    assertThatThrownBy(() -> read(line.split(" "), Map.of()))
        .isInstanceOfSatisfying(
            LaunchFailure.class,
            e -> {
              assertThat(e).hasMessage(message);
              assertThat(e.exitCode()).isEqualTo(2);
            });
  }

  @Test
  void refusesAVariableThatIsNoSetting() {
    assertThatThrownBy(() -> read(new String[0], Map.of("PROMSCALE_METRICS_HIGH_AVAIL", "true")))
        .hasMessage(
            "unknown variable PROMSCALE_METRICS_HIGH_AVAIL; did you mean"
                + " PROMSCALE_METRICS_HIGH_AVAILABILITY?");
    assertThatThrownBy(() -> read(new String[0], Map.of("PROMSCALE_DB_READ_ONLY", "true")))
        .hasMessageStartingWith("PROMSCALE_DB_READ_ONLY does not exist yet: ");
  }

  @Test
  void namesTheVariableThatIsWrong() {
    assertThatThrownBy(() -> read(new String[0], Map.of("PROMSCALE_DB_PORT", "x")))
        .hasMessage("PROMSCALE_DB_PORT: 'x' is not a whole number");
  }

  @ParameterizedTest
  @CsvSource({"-help, HELP", "--help, HELP", "-h, HELP", "-version, VERSION", "--version, VERSION"})
  void helpAndVersion(String flag, CommandLine.Wish wish) throws Exception {
    CommandLine.Reading reading = CommandLine.read(new String[] {flag}, Map.of());

    assertThat(reading.wish()).isEqualTo(wish);
  }

  @Test
  void helpListsEverySettingUnderItsHeading() {
    String help = Help.text();

    assertThat(help.lines()).allMatch(line -> line.length() <= 88);
    for (Setting setting : Settings.all()) {
      assertThat(help).contains("\n  -" + setting.key());
    }
    for (Setting.Group group : Setting.Group.values()) {
      assertThat(help).contains("\n" + group.title() + ":\n");
    }
  }

  @Test
  void handsOnlySettingsOfEveryShapeToTheWebApplication() throws Exception {
    Options options = read(new String[] {"-db.num-writers=3", "-db.password=x"}, Map.of());

    assertThat(options.forWebApplication(Settings.all()))
        .containsEntry("promscale.db.num-writers", "3")
        .containsEntry("promscale.metrics.high-availability", "false")
        .containsEntry("promscale.metrics.high-availability.labels", "cluster/__replica__")
        .doesNotContainKeys("promscale.db.password", "promscale.db.queue-max-bytes");
  }

  static Options read(String[] arguments, Map<String, String> environment) throws LaunchFailure {
    return CommandLine.read(arguments, environment).options();
  }

  private static Setting setting(String key) {
    return Settings.find(key).orElseThrow();
  }
}
