package org.promscale.launcher;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A PostgreSQL database and how to log in. Immutable.
 *
 * @param hosts {@code host:port}, IPv6 addresses in brackets; more than one for a fail-over pair
 * @param name the database
 * @param user the role
 * @param password the role's password; empty where the server asks for none
 * @param parameters further connection parameters, by the driver's names
 */
record DatabaseAddress(
    List<String> hosts, String name, String user, String password, Map<String, String> parameters) {

  private static final Map<String, String> DEFAULTS =
      Map.of(
          "ApplicationName", "promscale",
          "connectTimeout", "5",
          "socketTimeout", "60",
          "tcpKeepAlive", "true");

  DatabaseAddress {
    hosts = List.copyOf(hosts);
    parameters = Map.copyOf(parameters);
  }

  /**
   * Returns the driver's address, without user and password. Where the operator says nothing else,
   * a lost server is noticed within a minute, and sessions are named.
   */
  String jdbcUrl() {
    Map<String, String> all = new HashMap<>(DEFAULTS);
    all.putAll(parameters);
    String query =
        all.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(p -> p.getKey() + "=" + encode(p.getValue()))
            .collect(Collectors.joining("&"));
    return "jdbc:postgresql://" + String.join(",", hosts) + "/" + encode(name) + "?" + query;
  }

  /** Returns the driver's address with user and password: a secret, in ASCII without {@code $}. */
  String jdbcUrlWithLogin() {
    String login = "&user=" + encode(user);
    return jdbcUrl() + login + (password.isEmpty() ? "" : "&password=" + encode(password));
  }

  /** Returns hosts and database for a person to read; never the password. */
  String display() {
    return String.join(",", hosts) + "/" + name;
  }

  @Override
  public String toString() {
    return user + "@" + display();
  }

  /** Percent-encodes a part of a URL. */
  static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
