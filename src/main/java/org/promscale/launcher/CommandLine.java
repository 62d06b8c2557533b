package org.promscale.launcher;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.promscale.config.Setting;
import org.promscale.config.Settings;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Reads flags and environment variables after the table of settings. Flags have Go's syntax: {@code
 * -name=value}, {@code -name value}, one dash or two; of a repeated flag the last one counts.
 */
final class CommandLine {

  /** What the operator wants. */
  enum Wish {
    START,
    HELP,
    VERSION
  }

  /** The outcome of reading: options count only with {@link Wish#START}. */
  record Reading(Wish wish, Options options) {}

  private static final String HELP = "help";
  private static final String VERSION = "version";

  private CommandLine() {}

  /**
   * Reads the command line.
   *
   * @throws LaunchFailure for an unknown flag, an argument that is no flag, or a value that does
   *     not fit its setting
   */
  static Reading read(String[] arguments, Map<String, String> environment) throws LaunchFailure {
    ParseResult flags = parse(arguments);
    if (flags.hasMatchedOption("-" + HELP) || flags.hasMatchedOption("-h")) {
      return new Reading(Wish.HELP, new Options(Map.of()));
    }
    if (flags.hasMatchedOption("-" + VERSION)) {
      return new Reading(Wish.VERSION, new Options(Map.of()));
    }
    Map<Setting, Options.Given> given = new HashMap<>();
    // Variables that name no setting are left alone: Kubernetes makes PROMSCALE_PORT and others
    // for a service called promscale.
    for (Setting setting : Settings.all()) {
      String flag = "-" + setting.key();
      if (flags.hasMatchedOption(flag)) {
        put(given, setting, flags.matchedOptionValue(flag, ""), flag);
      } else {
        put(
            given,
            setting,
            environment.getOrDefault(setting.environment(), ""),
            setting.environment());
      }
    }
    return new Reading(Wish.START, new Options(given));
  }

  private static ParseResult parse(String[] arguments) throws LaunchFailure {
    CommandSpec spec = CommandSpec.create();
    for (String name : List.of(HELP, VERSION, "h")) {
      spec.addOption(names(name).arity("0").type(boolean.class).build());
    }
    for (Setting setting : Settings.all()) {
      OptionSpec.Builder option = names(setting.key()).type(String.class);
      if (setting.kind() == Setting.Kind.FLAG) {
        option.arity("0..1").fallbackValue("true");
      } else {
        option.arity("1");
      }
      spec.addOption(option.build());
    }
    // Passwords hold any character: nothing in a value may be expanded.
    picocli.CommandLine parser =
        new picocli.CommandLine(spec)
            .setExpandAtFiles(false)
            .setInterpolateVariables(false)
            .setPosixClusteredShortOptionsAllowed(false)
            .setOverwrittenOptionsAllowed(true);
    try {
      return parser.parseArgs(arguments);
    } catch (UnmatchedArgumentException e) {
      throw LaunchFailure.usage(unknown(e.getUnmatched().get(0)));
    } catch (MissingParameterException e) {
      String name = e.getMissing().isEmpty() ? "flag" : firstName(e);
      throw LaunchFailure.usage("flag " + name + " needs a value; -help lists all flags");
    } catch (ParameterException e) {
      throw LaunchFailure.usage(String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }
  }

  private static OptionSpec.Builder names(String key) {
    return OptionSpec.builder("-" + key, "--" + key);
  }

  private static String firstName(MissingParameterException e) {
    return e.getMissing().get(0) instanceof OptionSpec option ? option.names()[0] : "flag";
  }

  private static String unknown(String argument) {
    if (!argument.startsWith("-")) {
      return "'" + argument + "' is not a flag; -help lists all flags";
    }
    String name = argument.replaceFirst("=.*", "").replaceFirst("^--?", "");
    return "unknown flag -"
        + name
        + "; did you mean -"
        + Nearest.of(name, Settings.all().stream().map(Setting::key).toList())
        + "? -help lists all flags";
  }

  private static void put(
      Map<Setting, Options.Given> given, Setting setting, String text, String name)
      throws LaunchFailure {
    if (text.isEmpty()) {
      return;
    }
    if (!setting.form().fits(text)) {
      String shown = setting.kind() == Setting.Kind.SECRET ? "its value" : "'" + text + "'";
      throw LaunchFailure.usage(name + ": " + shown + " is not " + setting.form().wanted());
    }
    String value = setting.kind() == Setting.Kind.FLAG ? text.toLowerCase(Locale.ROOT) : text;
    given.put(setting, new Options.Given(value, name));
  }
}
