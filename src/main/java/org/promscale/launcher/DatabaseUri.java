package org.promscale.launcher;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code -db.uri} as libpq does: {@code postgres://user:password@host:port/name?key=value},
 * user, password, name and values percent-encoded, several hosts separated by commas. Messages
 * never repeat the text, because it holds the password.
 */
final class DatabaseUri {
  private static final Pattern FORM =
      Pattern.compile(
          "(?:jdbc:)?postgres(?:ql)?://(?:(?<login>[^/?#]*)@)?(?<hosts>[^/?#@]*)"
              + "(?:/(?<name>[^?#]*))?(?:\\?(?<query>[^#]*))?");
  private static final Pattern HOST =
      Pattern.compile("(?<host>\\[[0-9a-fA-F:.%]+]|[^:\\[\\]\\s,]+)(?::(?<port>\\d{1,5}))?");
  private static final String DEFAULT_PORT = "5432";

  private DatabaseUri() {}

  /**
   * Reads an address.
   *
   * @throws LaunchFailure when it is not one, or a parameter is unknown
   */
  static DatabaseAddress parse(String uri) throws LaunchFailure {
    Matcher matcher = FORM.matcher(uri.trim());
    if (!matcher.matches()) {
      throw malformed("it must look like postgres://user:password@host:5432/name?sslmode=prefer");
    }
    Map<String, String> login = new LinkedHashMap<>();
    Map<String, String> parameters = new LinkedHashMap<>();
    String query = matcher.group("query");
    if (query != null && !query.isEmpty()) {
      for (String pair : query.split("&", -1)) {
        readParameter(pair, login, parameters);
      }
    }
    readLogin(matcher.group("login"), login);
    String user = login.getOrDefault("user", "");
    if (user.isEmpty()) {
      throw malformed("the user is missing (in a password write / ? # as %2F %3F %23)");
    }
    String name = matcher.group("name");
    return new DatabaseAddress(
        hosts(matcher.group("hosts")),
        name == null || name.isEmpty() ? user : decode(name),
        user,
        login.getOrDefault("password", ""),
        parameters);
  }

  private static void readLogin(@Nullable String text, Map<String, String> login)
      throws LaunchFailure {
    if (text == null) {
      return;
    }
    if (text.contains("@")) {
      throw malformed("write @ in user or password as %40");
    }
    int colon = text.indexOf(':');
    login.put("user", decode(colon < 0 ? text : text.substring(0, colon)));
    if (colon >= 0) {
      login.put("password", decode(text.substring(colon + 1)));
    }
  }

  private static List<String> hosts(String text) throws LaunchFailure {
    List<String> hosts = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      Matcher host = HOST.matcher(part);
      if (!host.matches()) {
        throw malformed("the host is missing or is not host:port (write / in a password as %2F)");
      }
      String port = host.group("port");
      if (port != null && !Ports.isPort(port)) {
        throw malformed("port " + port + " is not 1 to 65535");
      }
      hosts.add(host.group("host") + ":" + (port == null ? DEFAULT_PORT : port));
    }
    return hosts;
  }

  private static void readParameter(
      String pair, Map<String, String> login, Map<String, String> parameters) throws LaunchFailure {
    int equals = pair.indexOf('=');
    if (equals <= 0) {
      throw malformed("a parameter after ? is not key=value");
    }
    String key = decode(pair.substring(0, equals));
    String value = decode(pair.substring(equals + 1));
    if (key.equals("user") || key.equals("password")) {
      login.put(key, value);
    } else {
      ConnectionParameters.put(parameters, key, value);
    }
  }

  private static String decode(String text) throws LaunchFailure {
    byte[] raw = text.getBytes(StandardCharsets.UTF_8);
    byte[] decoded = new byte[raw.length];
    int length = 0;
    for (int at = 0; at < raw.length; at++) {
      int value = raw[at];
      if (value == '%') {
        int high = at + 2 <= raw.length - 1 ? Character.digit(raw[at + 1], 16) : -1;
        int low = at + 2 <= raw.length - 1 ? Character.digit(raw[at + 2], 16) : -1;
        if (high < 0 || low < 0) {
          throw malformed("write % as %25");
        }
        value = high * 16 + low;
        at += 2;
      }
      decoded[length++] = (byte) value;
    }
    return new String(decoded, 0, length, StandardCharsets.UTF_8);
  }

  static LaunchFailure malformed(String why) {
    return LaunchFailure.usage("-db.uri cannot be read: " + why);
  }
}
