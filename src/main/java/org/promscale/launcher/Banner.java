package org.promscale.launcher;

import java.nio.file.Path;

/** What the operator reads once the connector is ready. */
final class Banner {
  private static final String NEW_LINE = System.lineSeparator();

  private Banner() {}

  /** Says that the connector at a URL serves, with the embedded database. */
  static String of(String url, long millis, EmbeddedDatabase database) {
    DatabaseAddress address = database.login().address();
    DataDirectory directory = database.directory();
    return lines(
        url,
        millis,
        "embedded PostgreSQL "
            + database.version()
            + " at "
            + address.hosts().get(0)
            + ", data in "
            + directory.root(),
        "PGPASSFILE="
            + quoted(directory.passwordFile())
            + " psql -h 127.0.0.1 -p "
            + database.login().port()
            + " -U "
            + address.user()
            + " "
            + address.name());
  }

  /** Says that a database of the operator's serves. */
  static String of(String url, long millis, DatabaseAddress address) {
    String sslMode = address.parameters().getOrDefault(ConnectionParameters.SSL_MODE, "prefer");
    return lines(
        url,
        millis,
        address.display(),
        "psql 'postgres://"
            + DatabaseAddress.encode(address.user())
            + "@"
            + String.join(",", address.hosts())
            + "/"
            + DatabaseAddress.encode(address.name())
            + "?sslmode="
            + sslMode
            + "'");
  }

  private static String lines(String url, long millis, String database, String psql) {
    return String.join(
            NEW_LINE,
            "Promscale " + BuildInfo.version() + " ready after " + seconds(millis) + " s",
            "database:     " + database,
            "remote_write: " + url + "/api/v1/write",
            "status:       " + url + "/",
            "psql:         " + psql)
        + NEW_LINE;
  }

  private static String seconds(long millis) {
    return millis / 1000 + "." + millis % 1000 / 100;
  }

  /** Returns a path as a shell reads it. */
  private static String quoted(Path path) {
    String text = path.toString();
    return text.matches("[A-Za-z0-9_./+-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }
}
