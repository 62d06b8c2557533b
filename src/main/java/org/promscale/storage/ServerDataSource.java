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

  /** Finds the data source by its name. */
  @FunctionalInterface
  interface Directory {
    DataSource lookUp(String name) throws NamingException;
  }

  private final Directory directory;
  private volatile @Nullable DataSource found;
  private volatile boolean doubtful;

  /** Looks into the server's directory. */
  public ServerDataSource() {
    this(ServerDataSource::inServer);
  }

  ServerDataSource(Directory directory) {
    this.directory = directory;
  }

  @Override
  public Connection getConnection() throws SQLException {
    DataSource source = found;
    if (source == null || doubtful) {
      source = lookUp(source);
      found = source;
      doubtful = false;
    }
    try {
      return source.getConnection();
    } catch (SQLException e) {
      doubtful = true; // it may have been made anew
      throw e;
    }
  }

  @SuppressWarnings("BanJNDI") // a constant name of our own
  private static DataSource inServer(String name) throws NamingException {
    return (DataSource) new InitialContext().lookup(name);
  }

  /**
   * Looks it up, or returns the one known before: the thread that ends the application may not look
   * anything up any more (Payara), and what is held must still be stored.
   */
  private DataSource lookUp(@Nullable DataSource before) throws SQLException {
    try {
      return directory.lookUp(NAME);
    } catch (NamingException e) {
      if (before != null) {
        return before;
      }
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
