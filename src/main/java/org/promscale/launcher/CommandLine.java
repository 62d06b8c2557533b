package org.promscale.launcher;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.promscale.config.Setting;
import org.promscale.config.SettingNames;
import org.promscale.config.Settings;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Reads flags, environment variables and the file of settings after the table of settings. Flags
 * have Go's syntax: {@code -name=value}, {@code -name value}, one dash or two; of a repeated flag
 * the last one counts.
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
   * @throws LaunchFailure for an unknown flag, variable or key, an argument that is no flag, or a
   *     value that does not fit its setting
   */
  static Reading read(String[] arguments, Map<String, String> environment) throws LaunchFailure {
    ParseResult flags = parse(arguments);
    if (flags.hasMatchedOption("-" + HELP) || flags.hasMatchedOption("-h")) {
      return new Reading(Wish.HELP, new Options(Map.of()));
    }
    if (flags.hasMatchedOption("-" + VERSION)) {
      return new Reading(Wish.VERSION, new Options(Map.of()));
    }
    refuseVariables(environment);
    Map<Setting, Options.Given> given = new HashMap<>();
    for (Setting setting : Settings.all()) {
      String flag = SettingNames.FLAG.of(setting.key());
      if (flags.hasMatchedOption(flag)) {
        put(given, setting, flags.matchedOptionValue(flag, ""), flag);
      } else {
        String variable = setting.environment();
        put(given, setting, environment.getOrDefault(variable, ""), variable);
      }
    }
    Options.Given file = given.get(Settings.CONFIG);
    if (file != null) {
      SettingsFile settings = SettingsFile.read(Path.of(file.text()), file.name());
      for (Setting setting : Settings.all()) {
        SettingsFile.Entry entry = settings.entries().get(setting.key());
        if (entry != null && !given.containsKey(setting) && !isFlag(flags, setting)) {
          put(given, setting, entry.text(), entry.name());
        }
      }
    }
    return new Reading(Wish.START, new Options(given));
  }

  /** An empty flag brings the default back, whatever the file says. */
  private static boolean isFlag(ParseResult flags, Setting setting) {
    return flags.hasMatchedOption(SettingNames.FLAG.of(setting.key()));
  }

  private static void refuseVariables(Map<String, String> environment) throws LaunchFailure {
    for (String name : new TreeSet<>(environment.keySet())) {
      Optional<String> trouble = SettingNames.VARIABLE.trouble(name);
      if (trouble.isPresent() && !environment.getOrDefault(name, "").isEmpty()) {
        throw LaunchFailure.usage(trouble.get());
      }
    }
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
    String name = argument.replaceFirst("=.*", "").replaceFirst("^--?", "-");
    String trouble = SettingNames.FLAG.trouble(name).orElse(name + " cannot be read");
    return trouble.endsWith("?") ? trouble + " -help lists all flags" : trouble;
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
