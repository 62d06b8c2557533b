package org.promscale.storage;

import java.sql.Connection;
import java.sql.SQLException;
import org.hibernate.engine.jdbc.connections.spi.ConnectionProvider;

/**
 * Gives Hibernate connections of the data source that everything else here uses. The persistence
 * unit names none of its own: that could not be mapped where one server runs two applications, and
 * leases would be kept in a database that nobody stores into. Thread-safe.
 */
public final class ServerConnections implements ConnectionProvider {

  private static final long serialVersionUID = 1L;

  private final transient ServerDataSource source = new ServerDataSource();

  @Override
  public Connection getConnection() throws SQLException {
    return source.getConnection();
  }

  @Override
  public void closeConnection(Connection connection) throws SQLException {
    connection.close();
  }

  @Override
  public boolean supportsAggressiveRelease() {
    return true;
  }

  @Override
  public boolean isUnwrappableAs(Class<?> type) {
    return type.isInstance(this);
  }

  @Override
  public <T> T unwrap(Class<T> type) {
    return type.cast(this);
  }
}
