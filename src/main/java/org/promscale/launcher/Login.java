package org.promscale.launcher;

import java.util.List;
import java.util.Map;

/**
 * How to reach the embedded database; the same over restarts. Immutable.
 *
 * @param port a port of the loopback address
 * @param password letters, digits, {@code -} and {@code _}
 */
record Login(int port, String password) {
  /** The role that owns everything. */
  static final String USER = "promscale";

  /** The one database. */
  static final String DATABASE = "promscale";

  /** Returns the address for the connection pool. */
  DatabaseAddress address() {
    return new DatabaseAddress(
        List.of("127.0.0.1:" + port),
        DATABASE,
        USER,
        password,
        Map.of(ConnectionParameters.SSL_MODE, "disable"));
  }

  @Override
  public String toString() {
    return USER + "@127.0.0.1:" + port;
  }
}
