package org.promscale.storage;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.logging.Logger;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The server's data source under the name that the application gives it. Looked up when it is
 * needed: where the server deploys an application without its data source, senders are told to come
 * back, and all is well once the operator has made it. Thread-safe.
 */
public final class ServerDataSource implements DataSource {

  private static final String NAME = "java:comp/env/jdbc/promscale";

  private volatile @Nullable DataSource found;

  @Override
  public Connection getConnection() throws SQLException {
    DataSource source = found;
    if (source == null) {
      source = lookUp();
      found = source;
    }
    try {
      return source.getConnection();
    } catch (SQLException e) {
      found = null; // it may have been made anew
      throw e;
    }
  }

  @SuppressWarnings("BanJNDI") // a constant name of our own
  private static DataSource lookUp() throws SQLException {
    try {
      return (DataSource) new InitialContext().lookup(NAME);
    } catch (NamingException e) {
      throw new SQLException(
          "the server has no data source jdbc/promscale: make it, or map the application's"
              + " reference to the one there is (docs/servers.md)",
          e);
    }
  }

  @Override
  public Connection getConnection(String user, String password) throws SQLException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public @Nullable PrintWriter getLogWriter() {
    return null;
  }

  @Override
  public void setLogWriter(@Nullable PrintWriter out) {}

  @Override
  public void setLoginTimeout(int seconds) {}

  @Override
  public int getLoginTimeout() {
    return 0;
  }

  @Override
  public Logger getParentLogger() throws SQLFeatureNotSupportedException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    throw new SQLException("not a wrapper");
  }

  @Override
  public boolean isWrapperFor(Class<?> type) {
    return false;
  }
}
