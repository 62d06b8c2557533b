package org.promscale.testbed;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON into maps, lists, strings, numbers ({@code Double}), booleans and null, and writes it.
 * The tests' class path has the API of JSON-P but nothing behind it. One thread.
 */
public final class JsonText {

  private final String text;
  private int at;

  private JsonText(String text) {
    this.text = text;
  }

  /**
   * Reads one value.
   *
   * @throws IllegalArgumentException when the text is anything else; the message shows where
   */
  public static @Nullable Object parse(String text) {
    JsonText reader = new JsonText(text);
    Object value = reader.value();
    reader.skipBlanks();
    if (reader.at < text.length()) {
      throw reader.wrong("the end");
    }
    return value;
  }

  /**
   * Writes a value: of maps, lists, strings, numbers, booleans and null; a map of maps or of lists
   * has a line for each member, a list has one for each element.
   */
  public static String write(@Nullable Object value) {
    StringBuilder text = new StringBuilder();
    write(value, "", text);
    return text.append('\n').toString();
  }

  private static void write(@Nullable Object value, String indent, StringBuilder text) {
    if (value instanceof Map<?, ?> map) {
      boolean lines =
          map.values().stream().anyMatch(v -> v instanceof Map<?, ?> || v instanceof List<?>);
      String between = lines ? "\n" + indent + "  " : " ";
      String separator = "";
      text.append('{');
      for (Map.Entry<?, ?> member : map.entrySet()) {
        text.append(separator).append(lines || !separator.isEmpty() ? between : "");
        quote(String.valueOf(member.getKey()), text);
        write(member.getValue(), indent + "  ", text.append(": "));
        separator = ",";
      }
      text.append(lines ? "\n" + indent : "").append('}');
    } else if (value instanceof List<?> list) {
      String separator = "";
      text.append('[');
      for (Object element : list) {
        text.append(separator).append('\n').append(indent).append("  ");
        write(element, indent + "  ", text);
        separator = ",";
      }
      text.append(list.isEmpty() ? "" : "\n" + indent).append(']');
    } else if (value instanceof String string) {
      quote(string, text);
    } else {
      text.append(value);
    }
  }

  private static void quote(String string, StringBuilder text) {
    text.append('"');
    for (int i = 0; i < string.length(); i++) {
      char c = string.charAt(i);
      if (c == '"' || c == '\\') {
        text.append('\\').append(c);
      } else if (c < ' ') {
        text.append(String.format("\\u%04x", (int) c));
      } else {
        text.append(c);
      }
    }
    text.append('"');
  }

  private @Nullable Object value() {
    skipBlanks();
    return switch (peek()) {
      case '{' -> object();
      case '[' -> list();
      case '"' -> string();
      case 't' -> word("true", true);
      case 'f' -> word("false", false);
      case 'n' -> word("null", null);
      default -> number();
    };
  }

  private Map<String, @Nullable Object> object() {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    expect('{');
    if (isNext('}')) {
      return members;
    }
    do {
      skipBlanks();
      String name = string();
      skipBlanks();
      expect(':');
      members.put(name, value());
    } while (isNext(','));
    expect('}');
    return members;
  }

  private List<@Nullable Object> list() {
    List<@Nullable Object> elements = new ArrayList<>();
    expect('[');
    if (isNext(']')) {
      return elements;
    }
    do {
      elements.add(value());
    } while (isNext(','));
    expect(']');
    return elements;
  }

  private String string() {
    expect('"');
    StringBuilder string = new StringBuilder();
    while (peek() != '"') {
      char c = text.charAt(at++);
      string.append(c == '\\' ? escaped() : c);
    }
    at++;
    return string.toString();
  }

  private char escaped() {
    char c = peek();
    at++;
    return switch (c) {
      case 'n' -> '\n';
      case 't' -> '\t';
      case 'r' -> '\r';
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'u' -> unicode();
      default -> c;
    };
  }

  private char unicode() {
    at += 4;
    if (at > text.length()) {
      throw wrong("four digits");
    }
    return (char) Integer.parseInt(text.substring(at - 4, at), 16);
  }

  private Double number() {
    int start = at;
    while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    try {
      return Double.valueOf(text.substring(start, at));
    } catch (NumberFormatException e) {
      throw wrong("a value");
    }
  }

  private @Nullable Object word(String word, @Nullable Object value) {
    if (!text.startsWith(word, at)) {
      throw wrong(word);
    }
    at += word.length();
    return value;
  }

  private char peek() {
    if (at >= text.length()) {
      throw wrong("more");
    }
    return text.charAt(at);
  }

  private boolean isNext(char c) {
    skipBlanks();
    boolean is = peek() == c;
    if (is) {
      at++;
    }
    return is;
  }

  private void expect(char c) {
    if (peek() != c) {
      throw wrong("'" + c + "'");
    }
    at++;
  }

  private void skipBlanks() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
  }

  private IllegalArgumentException wrong(String expected) {
    return new IllegalArgumentException(
        "expected " + expected + " at character " + at + " of: " + text);
  }
}
