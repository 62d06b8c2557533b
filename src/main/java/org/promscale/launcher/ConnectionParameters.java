package org.promscale.launcher;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.promscale.config.SettingNearest;

/** The parameters a database address may carry, by libpq's and by the driver's names. */
final class ConnectionParameters {
  static final String SSL_MODE = "sslmode";

  /** Values of {@code sslmode}. */
  static final List<String> SSL_MODES =
      List.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

  /** libpq's name to the driver's, where they differ. */
  private static final Map<String, String> TRANSLATED =
      Map.of(
          "application_name", "ApplicationName",
          "connect_timeout", "connectTimeout",
          "keepalives", "tcpKeepAlive",
          "target_session_attrs", "targetServerType",
          "channel_binding", "channelBinding",
          "gssencmode", "gssEncMode",
          "krbsrvname", "kerberosServerName",
          "sslnegotiation", "sslNegotiation");

  private static final Map<String, String> SERVER_TYPES =
      Map.of(
          "any", "any",
          "read-write", "primary",
          "primary", "primary",
          "prefer-standby", "preferSecondary",
          "read-only", "secondary",
          "standby", "secondary");

  private static final Set<String> PASSED_ON =
      Set.of(
          SSL_MODE,
          "sslcert",
          "sslkey",
          "sslrootcert",
          "sslpassword",
          "options",
          "loginTimeout",
          "socketTimeout",
          "currentSchema",
          "prepareThreshold",
          "hostRecheckSeconds",
          "loadBalanceHosts",
          "logServerErrorDetail");

  private ConnectionParameters() {}

  /**
   * Adds one parameter under the driver's name.
   *
   * @throws LaunchFailure when neither libpq nor the driver would understand it
   */
  static void put(Map<String, String> parameters, String key, String value) throws LaunchFailure {
    if (key.equals(SSL_MODE) && !SSL_MODES.contains(value)) {
      throw DatabaseUri.malformed("sslmode is not one of " + String.join(", ", SSL_MODES));
    }
    String name = TRANSLATED.getOrDefault(key, key);
    if (!TRANSLATED.containsValue(name) && !PASSED_ON.contains(name)) {
      List<String> known = new ArrayList<>(PASSED_ON);
      known.addAll(TRANSLATED.keySet());
      throw DatabaseUri.malformed(
          "unknown parameter " + key + ", did you mean " + SettingNearest.of(key, known) + "?");
    }
    parameters.put(name, translated(name, value));
  }

  private static String translated(String name, String value) throws LaunchFailure {
    return switch (name) {
      case "targetServerType" -> SERVER_TYPES.getOrDefault(value, value);
      case "tcpKeepAlive" -> value.equals("0") || value.equals("false") ? "false" : "true";
      case "connectTimeout", "socketTimeout", "loginTimeout" -> {
        if (!value.matches("\\d{1,6}")) {
          throw DatabaseUri.malformed(name + " is not a number of seconds");
        }
        yield value;
      }
      default -> value;
    };
  }
}
