package org.promscale.config;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * Reads settings as what they are, from any source of text by key. Thread-safe if the source is.
 * Errors are {@link IllegalArgumentException} with one sentence that names the flag.
 */
public final class SettingsReader {

  private final Function<String, Optional<String>> source;

  /** Reads from this source; it gets {@link Setting#property()} names. */
  public SettingsReader(Function<String, Optional<String>> source) {
    this.source = source;
  }

  /** Returns the text given for a setting, or its default. */
  public String text(Setting setting) {
    return source
        .apply(setting.property())
        .map(String::strip)
        .filter(text -> !text.isEmpty())
        .orElse(setting.defaultValue());
  }

  /** Refuses a text that has not the form of its setting; none at all is no trouble. */
  public void requireForm(Setting setting) {
    String text = text(setting);
    if (!text.isEmpty() && !setting.form().fits(text)) {
      throw unreadable(setting, setting.form().wanted());
    }
  }

  /** Returns whether a flag is set. */
  public boolean flag(Setting setting) {
    return switch (text(setting).toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false", "" -> false;
      default -> throw unreadable(setting, "true or false");
    };
  }

  /** Returns a whole number between bounds, both included. */
  public int number(Setting setting, int least, int most) {
    String wanted = "a number from " + least + " to " + most;
    try {
      int number = Integer.parseInt(text(setting));
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw unreadable(setting, wanted);
    }
    throw unreadable(setting, wanted);
  }

  /** Returns a number of bytes, or {@code otherwise} where the setting is not given. */
  public long bytes(Setting setting, long otherwise) {
    String text = text(setting).toUpperCase(Locale.ROOT);
    if (text.isEmpty()) {
      return otherwise;
    }
    int shift = text.endsWith("KB") ? 10 : text.endsWith("MB") ? 20 : text.endsWith("GB") ? 30 : 0;
    String digits = shift == 0 ? text : text.substring(0, text.length() - 2).strip();
    try {
      long number = Long.parseLong(digits);
      if (number > 0 && number <= Long.MAX_VALUE >> shift) {
        return number << shift;
      }
    } catch (NumberFormatException e) {
      throw unreadable(setting, "a size such as 64MB");
    }
    throw unreadable(setting, "a size such as 64MB");
  }

  /** Returns a length of time, positive. */
  public Duration duration(Setting setting) {
    return SettingForm.readDuration(text(setting))
        .orElseThrow(() -> unreadable(setting, setting.form().wanted()));
  }

  /** Returns a length of time, or empty where this word stands in its place. */
  public Optional<Duration> durationOr(Setting setting, String word) {
    return text(setting).equalsIgnoreCase(word) ? Optional.empty() : Optional.of(duration(setting));
  }

  /** Returns one of a type's constants, which are given by their names in any case. */
  public <E extends Enum<E>> E choice(Setting setting, Class<E> type) {
    for (E constant : type.getEnumConstants()) {
      if (constant.name().equalsIgnoreCase(text(setting))) {
        return constant;
      }
    }
    throw unreadable(setting, setting.form().wanted());
  }

  /**
   * Returns what a parser makes of the text.
   *
   * @param parser throws {@link IllegalArgumentException} with words that follow the setting and a
   *     colon
   */
  public <T> T parsed(Setting setting, Function<String, T> parser) {
    try {
      return parser.apply(text(setting));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "cannot read -" + setting.key() + "=" + text(setting) + ": " + e.getMessage(), e);
    }
  }

  private IllegalArgumentException unreadable(Setting setting, String wanted) {
    return new IllegalArgumentException(
        "cannot read -" + setting.key() + "=" + text(setting) + ": it takes " + wanted);
  }
}
