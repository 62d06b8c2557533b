package org.promscale.testbed;

import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * What the guide says to do in an admin console, as steps. In its text an address in angle brackets
 * is opened; what is bold is clicked, and where a value in backticks follows it, the value is
 * entered there instead; a picture shows the page at this point; a block of commands is run.
 * Everything else is for the reader.
 */
final class ConsoleSteps {

  /** A step. */
  sealed interface Step permits Open, Click, Enter, Picture, Run {}

  /** An address to open; the user is empty where nobody asks for one. */
  record Open(String address, String user, String password) implements Step {}

  /** Something to click, by the name that is seen. */
  record Click(String name) implements Step {}

  /** A value for a field. */
  record Enter(String field, String value) implements Step {}

  /** A picture, by its file's name. */
  record Picture(String file) implements Step {}

  /** A block of commands, by its name. */
  record Run(String block) implements Step {}

  private static final Pattern STEP =
      Pattern.compile(
          "```\\w+ (?<block>\\S+)\\R(?s:.*?)```"
              + "|<(?<address>https?://[^>]+)>"
              + "(?: as `(?<user>[^`]+)` with the password `(?<password>[^`]+)`)?"
              + "|!\\[[^\\]]*]\\((?:[^)]*/)?(?<picture>[^)/]+)\\)"
              + "|\\*\\*(?<name>[^*]+)\\*\\*(?:[ :|]+`(?<value>[^`]*)`)?");

  private ConsoleSteps() {}

  /** Reads the steps out of a section of the guide. */
  static List<Step> of(String section) {
    return STEP.matcher(section).results().map(ConsoleSteps::step).toList();
  }

  private static Step step(MatchResult match) {
    // By number: a result knows no names before JDK 20.
    if (match.group(1) != null) {
      return new Run(match.group(1));
    } else if (match.group(2) != null) {
      return new Open(match.group(2), orEmpty(match.group(3)), orEmpty(match.group(4)));
    } else if (match.group(5) != null) {
      return new Picture(match.group(5));
    } else if (match.group(7) != null) {
      return new Enter(match.group(6), match.group(7));
    }
    return new Click(match.group(6));
  }

  private static String orEmpty(String group) {
    return group == null ? "" : group;
  }
}
