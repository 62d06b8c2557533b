package org.promscale.config;

import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What the text of a setting must look like. Immutable.
 *
 * @param wanted the form in words, to follow "is not"
 * @param accepts tells whether a text has this form
 */
public record SettingForm(String wanted, Predicate<String> accepts) {

  private static final Pattern NUMBER = Pattern.compile("\\d{1,9}");
  private static final Pattern BYTES = Pattern.compile("\\d{1,15}([KMG]B)?");
  private static final Pattern DURATION =
      Pattern.compile(
          "(?:(\\d{1,6})d)?(?:(\\d{1,9})h)?(?:(\\d{1,9})m)?(?:(\\d{1,9})s)?(?:(\\d{1,9})ms)?");
  private static final Pattern LABEL_PAIRS = Pattern.compile("[^/,]+/[^/,]+(,[^/,]+/[^/,]+)*");

  private static final String A_DURATION = "a duration, for instance 15s or 1h30m";

  /** Returns the form that a kind of setting has by itself. */
  static SettingForm of(Setting.Kind kind) {
    return switch (kind) {
      case FLAG ->
          new SettingForm("true or false", text -> isOneOf(text, List.of("true", "false")));
      case NUMBER -> new SettingForm("a whole number", text -> NUMBER.matcher(text).matches());
      case BYTES ->
          new SettingForm(
              "a number of bytes, for instance 64MB", text -> BYTES.matcher(text).matches());
      case DURATION -> new SettingForm(A_DURATION, text -> readDuration(text).isPresent());
      case TEXT, SECRET, PATH -> new SettingForm("any text", text -> true);
    };
  }

  /** Returns the form of a setting that takes one of these words, in small letters or capitals. */
  static SettingForm oneOf(String... words) {
    List<String> known = List.of(words);
    return new SettingForm("one of " + String.join(", ", words), text -> isOneOf(text, known));
  }

  /** Returns the form of a number between bounds, both included. */
  static SettingForm number(int least, int most) {
    return new SettingForm(
        "a number from " + least + " to " + most,
        text ->
            NUMBER.matcher(text).matches()
                && Integer.parseInt(text) >= least
                && Integer.parseInt(text) <= most);
  }

  /** Returns the form of a duration that may also be left to us with a word. */
  static SettingForm durationOr(String word) {
    return new SettingForm(
        word + " or " + A_DURATION,
        text -> isOneOf(text, List.of(word)) || readDuration(text).isPresent());
  }

  /** Returns the form of pairs of label names, of which each has one meaning. */
  static SettingForm labelPairs() {
    return new SettingForm(
        "pairs of label names such as cluster/__replica__, separated by commas, each replica label"
            + " in one pair, none a cluster label too, none __name__",
        text -> LABEL_PAIRS.matcher(text).matches() && haveOneMeaningEach(text));
  }

  private static boolean haveOneMeaningEach(String pairs) {
    Set<String> clusters = new HashSet<>();
    Set<String> replicas = new HashSet<>();
    for (String pair : pairs.split(",", -1)) {
      int slash = pair.indexOf('/');
      clusters.add(pair.substring(0, slash).strip());
      if (!replicas.add(pair.substring(slash + 1).strip())) {
        return false;
      }
    }
    return Collections.disjoint(clusters, replicas)
        && Stream.concat(clusters.stream(), replicas.stream())
            .noneMatch(name -> name.isEmpty() || name.equals("__name__"));
  }

  /** Tells whether a text, which is not empty, has this form. */
  public boolean fits(String text) {
    return accepts.test(text);
  }

  /** Returns the form of a duration that is not too short, or the word in its place. */
  static SettingForm durationOr(String word, Duration least, String leastText) {
    return new SettingForm(
        word + " or a duration of at least " + leastText + ", for instance 90d",
        text ->
            isOneOf(text, List.of(word))
                || readDuration(text).filter(read -> read.compareTo(least) >= 0).isPresent());
  }

  /** Reads a duration as Prometheus does, in d, h, m, s and ms; empty where it is none or zero. */
  static Optional<Duration> readDuration(String text) {
    Matcher parts = DURATION.matcher(text);
    if (!parts.matches()) {
      return Optional.empty();
    }
    Duration sum =
        Duration.ofDays(part(parts, 1))
            .plusHours(part(parts, 2))
            .plusMinutes(part(parts, 3))
            .plusSeconds(part(parts, 4))
            .plusMillis(part(parts, 5));
    return sum.isZero() ? Optional.empty() : Optional.of(sum);
  }

  private static long part(Matcher parts, int group) {
    String digits = parts.group(group);
    return digits == null ? 0 : Long.parseLong(digits);
  }

  private static boolean isOneOf(String text, List<String> words) {
    return words.contains(text.toLowerCase(Locale.ROOT));
  }
}
